using System.Globalization;

namespace OrleansCache;

/// <summary>Keys and values of the benchmarks: 100 bytes, keys of about 30 characters.</summary>
internal static class Payload
{
    public const int Size = 100;
    public const string Region = "bench";

    public static byte[] Value { get; } = [.. Enumerable.Range(0, Size).Select(i => (byte)i)];

    public static CacheKey Key(int number) => CacheKey.Of(Region, string.Create(CultureInfo.InvariantCulture, $"customer-{number:D8}"));

    public static CacheKey[] Keys(int count) => [.. Enumerable.Range(0, count).Select(Key)];
}
