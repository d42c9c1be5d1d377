using System.Collections.Frozen;
using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>An integration whose origin is this very process, so that a silo's first load finds compiled code. It is in no count.</summary>
internal static class WarmUpIntegration
{
    public const string Name = WarmUpRegion.Integration;
    public const string Method = WarmUpRegion.Method;
    public const string Parameter = "round";

    /// <summary>What callers see.</summary>
    public static IntegrationDescription Description { get; } = new()
    {
        Name = Name,
        Methods = [new() { Name = Method, Region = WarmUpRegion.Name, Parameters = [new(Parameter, Optional: false)] }],
        GoodForMilliseconds = int.MaxValue,
    };

    /// <summary>How its entries behave: as those of most integrations.</summary>
    public static RegionPolicy Policy { get; } = new() { Region = WarmUpRegion.Name, Coherence = Coherence.Eventual, Durability = Durability.Behind, FreshFor = WarmUpRegion.Lifetime, Integration = Name, Method = Method };

    /// <summary>A call's arguments: each round has a key of its own.</summary>
    public static Dictionary<string, string?> ArgumentsOf(string round) => new(StringComparer.Ordinal) { [Parameter] = round };

    /// <param name="self">Where this process listens.</param>
    /// <param name="path">What it answers at once.</param>
    public static Integration Of(Uri self, string path)
    {
        var resilience = new ResilienceSettings();
        var method = new IntegrationMethod
        {
            Name = Method,
            Region = WarmUpRegion.Name,
            Parameters = Description.Methods[0].Parameters,
            Resilience = resilience,
            Path = CallTemplate.ParsePath($"{path}?{Parameter}={{{Parameter}}}", out _),
        };
        return new()
        {
            Name = Name,
            Service = "warm",
            ServiceVersion = "1",
            Resilience = resilience,
            Methods = new Dictionary<string, IntegrationMethod>(StringComparer.Ordinal) { [Method] = method }.ToFrozenDictionary(StringComparer.Ordinal),
            Http = new() { BaseAddress = self, PooledConnectionLifetime = Timeout.InfiniteTimeSpan, UseProxy = false, Headers = ImmutableSortedDictionary<string, string>.Empty },
        };
    }
}
