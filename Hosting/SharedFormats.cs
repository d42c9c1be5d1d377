namespace OrleansCache;

/// <summary>What the silos of one cluster must have in common, beside what each is configured with.</summary>
internal static class SharedFormats
{
    /// <summary>
    /// Another number for what silos before and after cannot share: messages, stored records, views, the tag log, placement, lengths of leases.
    /// </summary>
    public const int Number = 1;

    /// <summary>For the view and for people.</summary>
    public static string Dialect { get; } = $"engine {EngineHosting.Name}, formats {Number}";
}
