namespace OrleansCache;

/// <summary>A filter as those calls need it that return its type, or a class derived from it.</summary>
internal abstract class ResultFilter
{
    /// <summary>Null for a type that it is not for.</summary>
    public abstract Func<TResult, TResult>? For<TResult>();
}

/// <inheritdoc/>
internal sealed class ResultFilter<T>(Func<T, T> filter) : ResultFilter
{
    public override Func<TResult, TResult>? For<TResult>() =>
        filter is Func<TResult, TResult> own ? own
        : typeof(TResult).IsValueType || !typeof(T).IsAssignableFrom(typeof(TResult)) ? null
        : value => filter((T)(object)value!) switch
        {
            TResult changed => changed,
            null => default!,
            var other => throw new InvalidOperationException(
                $"CacheStrategy.Filter<{typeof(T)}> gave a {other.GetType()} for a call that returns {typeof(TResult)}; return one of that, or filter that type alone."),
        };
}
