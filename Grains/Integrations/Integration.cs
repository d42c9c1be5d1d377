using System.Collections.Frozen;
using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>An integration as configured: checked, resolved, never changed.</summary>
internal sealed class Integration
{
    public required string Name { get; init; }
    public required string Service { get; init; }
    public required string ServiceVersion { get; init; }

    /// <summary>Null for one without limits.</summary>
    public RateLimitPolicy? Limit { get; init; }

    /// <summary>What the methods' own settings start from.</summary>
    public required ResilienceSettings Resilience { get; init; }
    public required FrozenDictionary<string, IntegrationMethod> Methods { get; init; }

    /// <summary>Null for one that asks callers for nothing.</summary>
    public ExchangePolicy? Exchange { get; init; }

    /// <summary>Null for one in code.</summary>
    public HttpSettings? Http { get; init; }
}

/// <summary>A method as configured.</summary>
internal sealed record IntegrationMethod
{
    public required string Name { get; init; }
    public required string Region { get; init; }
    public required ImmutableArray<ParameterDescription> Parameters { get; init; }
    public required ResilienceSettings Resilience { get; init; }

    /// <summary>True when the method says something of the breaker itself: then it has one of its own.</summary>
    public bool HasOwnBreaker { get; init; }
    public ImmutableArray<CallTemplate> Tags { get; init; } = [];

    /// <summary>GET for code too: it only reads.</summary>
    public HttpMethod Verb { get; init; } = HttpMethod.Get;

    /// <summary>Null for code.</summary>
    public CallTemplate? Path { get; init; }

    /// <summary>How one call is made for many keys; null when it is not.</summary>
    public ManyCalls? Many { get; init; }

    /// <summary>Null for a method that reads.</summary>
    public WriterPolicy? Writer { get; init; }

    public bool IsRetried => Resilience.Retry.MaxRetryAttempts > 0 && (MayRepeat || Resilience.Retry.UnsafeMethods);

    /// <summary>The tags of an entry: with the arguments filled in, and those that the result has of its own.</summary>
    public ImmutableArray<string> TagsOf(IReadOnlyDictionary<string, string?> arguments, IEnumerable<string>? own) =>
        [.. Tags.Select(tag => tag.Tag(arguments)).OfType<string>().Concat(own ?? []).Distinct(StringComparer.Ordinal)];

    private bool MayRepeat => Writer?.IsIdempotent ?? Verb == HttpMethod.Get;
}

/// <summary>What a method that writes does beside its call.</summary>
internal sealed class WriterPolicy
{
    /// <summary>As in <c>Allow</c>.</summary>
    public required string Verbs { get; init; }

    /// <summary>The method whose entry it writes; null for none.</summary>
    public IntegrationMethod? Reader { get; init; }
    public AfterWrite AfterWrite { get; init; }
    public ImmutableArray<CallTemplate> Invalidates { get; init; } = [];
    public bool IsIdempotent { get; init; }
}

/// <summary>What one HTTP client is made by; another one is made when this changes.</summary>
internal sealed class HttpSettings : IEquatable<HttpSettings>
{
    public required Uri BaseAddress { get; init; }
    public required TimeSpan PooledConnectionLifetime { get; init; }
    public required ImmutableSortedDictionary<string, string> Headers { get; init; }

    /// <summary>By the environment's proxy, where it names one.</summary>
    public bool UseProxy { get; init; } = true;

    public bool Equals(HttpSettings? other) => other is not null && BaseAddress == other.BaseAddress && UseProxy == other.UseProxy
        && PooledConnectionLifetime == other.PooledConnectionLifetime && Headers.SequenceEqual(other.Headers);

    public override bool Equals(object? obj) => Equals(obj as HttpSettings);

    public override int GetHashCode() => HashCode.Combine(BaseAddress, PooledConnectionLifetime, Headers.Count);
}
