namespace OrleansCache;

/// <summary>Into how many parts a roster is cut: each is read and written as a whole.</summary>
internal static class Rosters
{
    public const int Parts = 16;

    public static string Of(string integration, int part) => $"{integration}/{part}";

    public static int PartOf(string grainKey) => (int)(RoutingHash.Of(grainKey) % Parts);
}
