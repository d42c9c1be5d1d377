namespace OrleansCache;

/// <summary>The call whose version is asked for.</summary>
public readonly struct VersionCall
{
    private readonly (string Name, object? Value)[]? _arguments;

    /// <param name="arguments">By name.</param>
    /// <param name="own">The interface's own method; null without one.</param>
    internal VersionCall((string Name, object? Value)[] arguments, Func<CancellationToken, ValueTask<string?>>? own) => (_arguments, Own) = (arguments, own);

    private VersionCall(VersionCall call, CacheKey key)
        : this(call._arguments ?? [], call.Own) => Key = key;

    /// <summary>The key that the call's value lives under.</summary>
    public CacheKey Key { get; }

    internal Func<CancellationToken, ValueTask<string?>>? Own { get; }

    internal VersionCall IsOf(CacheKey key) => new(this, key);

    /// <summary>An argument of the call, which a decorated function or an interface's method has.</summary>
    /// <typeparam name="T">Its type.</typeparam>
    /// <exception cref="ArgumentException">The call has no argument of that name, or it is of another type.</exception>
    public T Argument<T>(string name)
    {
        var arguments = _arguments ?? [];
        var found = Array.FindIndex(arguments, argument => argument.Name == name);
        if (found < 0)
            throw new ArgumentException($"The call has no argument '{name}'; {DidYouMean.Hint(name, [.. arguments.Select(static argument => argument.Name)])}.", nameof(name));
        return arguments[found].Value is var value && (value is T || (value is null && default(T) is null)) ? (T)value!
            : throw new ArgumentException($"The argument '{name}' is a {value?.GetType().ToString() ?? "null"}, no {typeof(T)}.", nameof(name));
    }
}
