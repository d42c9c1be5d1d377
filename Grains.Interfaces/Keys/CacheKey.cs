namespace OrleansCache;

/// <summary>A region and a key in it, normalised once: NFC, and every part encoded before it is joined. <c>default</c> names nothing.</summary>
public readonly struct CacheKey : IEquatable<CacheKey>
{
    private readonly string? _region;
    private readonly string? _grainKey;

    private CacheKey(string region, string grainKey) => (_region, _grainKey) = (region, grainKey);

    /// <summary>The region's name.</summary>
    public string Region => _region ?? throw Unset();

    /// <summary>The key as it was given, in NFC; for a key over 1 KiB the hash that stands for it.</summary>
    public string Key => KeyText.Unescape(GrainKey.AsSpan(Region.Length + 1));

    /// <summary>The name of the grain that owns the key: region, colon, and the key with <c>%</c> and <c>:</c> escaped, so that the last colon divides.</summary>
    internal string GrainKey => _grainKey ?? throw Unset();

    /// <summary>Names a key by plain text.</summary>
    /// <param name="region">1 to 256 bytes of UTF-8, without control characters.</param>
    /// <param name="key">1 to 4,096 bytes of UTF-8; above 1,024 its SHA-256 stands for it.</param>
    /// <exception cref="ArgumentException">A part is empty, too long, or not Unicode text.</exception>
    public static CacheKey Of(string region, string key)
    {
        var name = RegionName.Checked(region);
        return new(name, KeyText.Join(name, KeyText.Checked(key)));
    }

    /// <summary>Names a key by arguments: sorted by name, each part encoded. Null, empty and not given are three keys.</summary>
    /// <exception cref="ArgumentException">A name is empty or repeated, or the region or the whole is not a valid key.</exception>
    public static CacheKey For(string region, params ReadOnlySpan<(string Name, string? Value)> arguments) =>
        Of(region, ArgumentKey.Of(arguments));

    /// <summary>Names a key by typed arguments, each by its invariant text: numbers, bools, enums by name, dates and times in ISO 8601, Guids.</summary>
    /// <exception cref="ArgumentException">As for text, or a value is of another type.</exception>
    public static CacheKey For(string region, params ReadOnlySpan<(string Name, object? Value)> arguments)
    {
        var texts = new (string, string?)[arguments.Length];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = (arguments[i].Name, ArgumentText.Of(arguments[i].Name, arguments[i].Value));
        return Of(region, ArgumentKey.Of(texts));
    }

    /// <summary>The key that a grain's name stands for.</summary>
    internal static CacheKey OfGrain(string grainKey) => new(RegionName.Interned(RegionOf(grainKey)), grainKey);

    /// <summary>The region part of a grain's name.</summary>
    internal static string RegionOf(string grainKey) => grainKey[..grainKey.LastIndexOf(':')];

    /// <inheritdoc/>
    public bool Equals(CacheKey other) => _grainKey == other._grainKey;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is CacheKey other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => _grainKey?.GetHashCode(StringComparison.Ordinal) ?? 0;

    /// <summary>Compares region and key.</summary>
    public static bool operator ==(CacheKey left, CacheKey right) => left.Equals(right);

    /// <summary>Compares region and key.</summary>
    public static bool operator !=(CacheKey left, CacheKey right) => !left.Equals(right);

    /// <summary>The region only: a key may hold personal data.</summary>
    public override string ToString() => _region is null ? "(none)" : $"{_region}:…";

    private static InvalidOperationException Unset() => new("default(CacheKey) names nothing; make one with CacheKey.Of or CacheKey.For.");
}
