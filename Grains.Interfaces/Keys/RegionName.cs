using System.Collections.Concurrent;
using System.Text;

namespace OrleansCache;

/// <summary>Names of regions: checked, in NFC, and one string object each.</summary>
internal static class RegionName
{
    public const int MaxBytes = 256;
    private const int MaxInterned = 10_000;
    private static readonly ConcurrentDictionary<string, string> Names = new(StringComparer.Ordinal);

    public static string Checked(string region)
    {
        ArgumentNullException.ThrowIfNull(region);
        if (Names.TryGetValue(region, out var known))
            return known;

        var name = KeyText.Normalised(region, "region");
        if (name.Length == 0)
            throw new ArgumentException("The region is empty; give it a name.", nameof(region));
        if (Encoding.UTF8.GetByteCount(name) is var bytes and > MaxBytes)
            throw new ArgumentException($"The region is {bytes} bytes of UTF-8; use at most {MaxBytes}.", nameof(region));
        if (name.Any(char.IsControl))
            throw new ArgumentException("The region has a control character; leave it out.", nameof(region));
        return Interned(name);
    }

    /// <summary>The one object for a name that is known to be valid. At 10,000 names all are forgotten, and those in use come back.</summary>
    public static string Interned(string name)
    {
        if (Names.TryGetValue(name, out var known))
            return known;
        if (Names.Count >= MaxInterned)
            Names.Clear();
        return Names.GetOrAdd(name, name);
    }

    /// <summary>The region of an integration's method.</summary>
    public static string OfMethod(string service, string serviceVersion, string integration, string method) =>
        Checked(string.Join(':', ArgumentKey.Encoded(service), ArgumentKey.Encoded(serviceVersion), ArgumentKey.Encoded(integration), ArgumentKey.Encoded(method)));
}
