using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace OrleansCache;

/// <summary>What a strategy was compiled to, by client and result type. No part of the strategy's value.</summary>
internal sealed class PlanCache : IEquatable<PlanCache>
{
    private readonly ConditionalWeakTable<CallPlanParts, ConcurrentDictionary<Type, object>> _plans = [];

    public CallPlan<T> Of<T>(CacheStrategy strategy, CallPlanParts parts)
    {
        var plans = _plans.GetValue(parts, static _ => new());
        return (CallPlan<T>)(plans.TryGetValue(typeof(T), out var plan) ? plan : plans.GetOrAdd(typeof(T), new CallPlan<T>(strategy, parts)));
    }

    public bool Equals(PlanCache? other) => other is not null;

    public override bool Equals(object? obj) => obj is PlanCache;

    public override int GetHashCode() => 0;
}
