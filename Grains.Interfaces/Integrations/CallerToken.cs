namespace OrleansCache;

/// <summary>A caller's bearer token on its way to the origin. It is never shown: not in logs, not in errors.</summary>
[GenerateSerializer, Immutable, Alias("oc.callertoken.v1")]
internal sealed record CallerToken([property: Id(0)] string Value)
{
    /// <summary>Says nothing.</summary>
    public override string ToString() => "…";
}
