namespace OrleansCache.Cluster;

/// <summary>Draws keys uniformly or by Zipf's law, key 0 the most often.</summary>
internal sealed class KeyChoice
{
    private readonly double[] _upTo;

    public KeyChoice(int keys, double exponent)
    {
        _upTo = new double[keys];
        var sum = 0.0;
        for (var i = 0; i < keys; i++)
            _upTo[i] = sum += 1 / Math.Pow(i + 1, exponent);
        for (var i = 0; i < keys; i++)
            _upTo[i] /= sum;
    }

    public int Next(Random random)
    {
        var found = Array.BinarySearch(_upTo, random.NextDouble());
        return Math.Min(found < 0 ? ~found : found, _upTo.Length - 1);
    }
}
