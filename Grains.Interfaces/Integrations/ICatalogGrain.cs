using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Describes one integration to callers, who build keys by it. The grain's key is the integration's name.</summary>
[Alias("oc.catalog")]
internal interface ICatalogGrain : IGrainWithStringKey
{
    /// <summary>The integration as this silo is configured now; null when there is none of that name.</summary>
    [Alias("describe")]
    ValueTask<IntegrationDescription?> DescribeAsync(CancellationToken cancellationToken = default);

    /// <summary>The names of all integrations of this silo, sorted, whatever this grain's key: for the error that lists what there is.</summary>
    [Alias("names")]
    ValueTask<ImmutableArray<string>> NamesAsync(CancellationToken cancellationToken = default);
}

/// <summary>What a caller needs to know of an integration.</summary>
[GenerateSerializer, Immutable, Alias("oc.integration.v1")]
internal sealed record IntegrationDescription
{
    [Id(0)] public string Name { get; init; } = "";
    [Id(1)] public string Service { get; init; } = "";
    [Id(2)] public string ServiceVersion { get; init; } = "";
    [Id(3)] public ImmutableArray<MethodDescription> Methods { get; init; } = [];

    /// <summary>Milliseconds for which a caller may go by this description.</summary>
    [Id(4)] public int GoodForMilliseconds { get; init; }
}

/// <summary>A method: its name, its arguments, and the region that its entries live in.</summary>
[GenerateSerializer, Immutable, Alias("oc.method.v1")]
internal sealed record MethodDescription
{
    [Id(0)] public string Name { get; init; } = "";

    /// <summary><c>service:serviceVersion:integration:method</c>, each part encoded.</summary>
    [Id(1)] public string Region { get; init; } = "";
    [Id(2)] public ImmutableArray<ParameterDescription> Parameters { get; init; } = [];

    /// <summary>The HTTP methods that it is called by when it writes, as in <c>Allow</c>; null for one that reads.</summary>
    [Id(3)] public string? Verbs { get; init; }

    /// <summary>The method whose entry a write stands for; null for none.</summary>
    [Id(4)] public string? Writes { get; init; }

    /// <summary>Tags to raise after a write, with arguments in braces.</summary>
    [Id(5)] public ImmutableArray<string> Invalidates { get; init; } = [];

    /// <summary>How many keys one call may be for; 0 for one.</summary>
    [Id(6)] public int Most { get; init; }

    /// <summary>The argument that those keys may differ in; null for any.</summary>
    [Id(7)] public string? Varies { get; init; }

    /// <summary>A value of that argument with this in it is called for alone; null for none.</summary>
    [Id(8)] public string? Separator { get; init; }

    /// <summary>True when the version of its values is asked for, and so a session matters.</summary>
    [Id(9)] public bool IsVersioned { get; init; }
}

/// <summary>An argument that a method takes.</summary>
[GenerateSerializer, Immutable, Alias("oc.parameter.v1")]
internal readonly record struct ParameterDescription([property: Id(0)] string Name, [property: Id(1)] bool Optional);
