namespace OrleansCache;

/// <summary>The little of Redis that storage needs, so that one set of scripts runs on both engines' clients.</summary>
/// <remarks>Whatever goes wrong is a <see cref="StoreUnavailableException"/> that says whether the command may have been run.</remarks>
internal interface IRedisDatabase : IAsyncDisposable
{
    /// <summary>End points, never a credential.</summary>
    string Description { get; }

    bool IsConnected { get; }

    /// <summary>Why there is no connection.</summary>
    string? LastFailure { get; }

    /// <summary>Begins to connect, and goes on trying until disposed.</summary>
    Task ConnectAsync(CancellationToken cancellationToken);

    /// <summary>Runs a script on one key.</summary>
    ValueTask<RedisAnswer> EvaluateAsync(RedisScriptText script, string key, RedisWord[] arguments, CancellationToken cancellationToken);

    /// <summary>Runs a command.</summary>
    ValueTask<RedisAnswer> ExecuteAsync(string[] command, CancellationToken cancellationToken);

    /// <summary>Listens to a channel until disposed, over later connections too. The handler must be quick.</summary>
    ValueTask<IAsyncDisposable> SubscribeAsync(string channel, Action<ReadOnlyMemory<byte>> handler, CancellationToken cancellationToken);
}

/// <summary>An argument: bytes or a number, as text.</summary>
internal readonly record struct RedisWord(ReadOnlyMemory<byte> Bytes)
{
    public static implicit operator RedisWord(byte[] bytes) => new(bytes);

    public static implicit operator RedisWord(string text) => new(System.Text.Encoding.UTF8.GetBytes(text));

    public static implicit operator RedisWord(long number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>An answer, or a part of one. <c>default</c> is nil.</summary>
internal readonly record struct RedisAnswer(byte[]? Bytes, long Number, RedisAnswer[]? Items)
{
    public bool IsNil => Bytes is null && Items is null && Number == 0;

    public string Text => System.Text.Encoding.UTF8.GetString(Bytes ?? []);

    /// <summary>An integer, or text that is one.</summary>
    public long AsNumber() => Bytes is null ? Number : long.Parse(Bytes, System.Globalization.CultureInfo.InvariantCulture);

    public RedisAnswer this[int index] => index < (Items?.Length ?? 0) ? Items![index] : default;

    public int Count => Items?.Length ?? 0;
}
