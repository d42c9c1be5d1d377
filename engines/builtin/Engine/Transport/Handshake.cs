namespace OrleansCache.Engine;

/// <summary>What each side says first: a magic, then a length and fields. Nothing else is read before both have been understood.</summary>
[GenerateSerializer]
internal sealed record Handshake(
    [property: Id(0)] ulong Version, [property: Id(1)] string? Engine, [property: Id(2)] string? ClusterId, [property: Id(3)] string? ClientId,
    [property: Id(4)] string? Refusal, [property: Id(5)] Dictionary<ulong, string>? GrainTypes)
{
    public const ulong CurrentVersion = 1;
    public const string EngineName = "builtin";
    private static readonly string[] HttpWords = ["GET ", "POST ", "PUT ", "HEAD ", "PRI ", "HTTP/"];
    private const int MaxBytes = 1024 * 1024;
    private const int DescribedBytes = 12;

    /// <summary>"OCENGINE".</summary>
    public static ReadOnlySpan<byte> Magic => "OCENGINE"u8;

    public static Handshake Of(EngineRuntime runtime) =>
        new(CurrentVersion, EngineName, runtime.Limits.ClusterId, runtime.Observers.ClientId, Refusal: null, runtime.GrainTypes);

    public async Task SendAsync(Stream output, CancellationToken cancellationToken)
    {
        var writer = new MessageWriter();
        writer.Raw(Magic);
        writer.Fixed32(0);
        Codecs<Handshake>.Instance.Write(writer, 0, this);
        writer.Patch32(Magic.Length, (uint)(writer.Length - Magic.Length - sizeof(uint)));
        await output.WriteAsync(writer.Written, cancellationToken).ConfigureAwait(false);
    }

    /// <exception cref="InvalidDataException">Something else was said; the message says what, in words for a log.</exception>
    public static async Task<Handshake> ReceiveAsync(FrameReader input, CancellationToken cancellationToken)
    {
        Handshake? handshake;
        while (!TryTake(input, out handshake))
        {
            if (!await input.FillAsync(cancellationToken).ConfigureAwait(false))
                throw new InvalidDataException(input.Unread.IsEmpty
                    ? "it was closed without a word; perhaps one side wants TLS and the other does not, or it does not take this side's certificate."
                    : "it was closed in the middle of the first frame.");
        }
        return handshake;
    }

    /// <summary>Why these two cannot talk; null if they can.</summary>
    public string? Mismatch(Handshake other) =>
        other.Engine != Engine ? $"it runs engine '{other.Engine}', this is '{Engine}'; build both sides with one engine."
        : other.Version != Version ? $"it speaks protocol version {other.Version}, this is version {Version}; run one release on both sides."
        : other.ClusterId != ClusterId ? $"it belongs to cluster '{other.ClusterId}', this is cluster '{ClusterId}'; give both one ClusterId."
        : null;

    private static bool TryTake(FrameReader input, [NotNullWhen(true)] out Handshake? handshake)
    {
        handshake = null;
        var heard = input.Unread;
        if (!Magic.StartsWith(heard[..Math.Min(heard.Length, Magic.Length)]))
            throw new InvalidDataException(Describe(heard[..Math.Min(heard.Length, DescribedBytes)]));
        if (!input.TryTake(MaxBytes, out var frame, after: Magic.Length))
            return false;
        var reader = new MessageReader(frame, runtime: null);
        handshake = reader.NextField(out _, out var wire) ? Codecs<Handshake>.Instance.Read(ref reader, wire) : null;
        return handshake is null ? throw reader.Malformed("an empty handshake") : true;
    }

    private static string Describe(ReadOnlySpan<byte> head)
    {
        var text = Encoding.Latin1.GetString(head);
        if (HttpWords.Any(word => text.StartsWith(word, StringComparison.Ordinal)))
            return "it speaks HTTP; this is the port of the built-in engine, HTTP has one of its own.";
        if (head is [0x16, 0x03, ..])
            return "it begins TLS, and TLS is not configured here.";
        if (head is [_, < 8, 0, 0, ..])
            return "it looks like the handshake of an Orleans silo or client; this is engine 'builtin': build both sides with one engine.";
        return $"it does not speak the protocol of engine 'builtin' (its first bytes are {Convert.ToHexString(head)}).";
    }
}
