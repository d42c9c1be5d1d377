using System.Runtime.ExceptionServices;

namespace OrleansCache;

/// <summary>One key's part of a call for many. <c>default</c> is a failure.</summary>
/// <typeparam name="TResult">What the same call for this key alone gives.</typeparam>
public readonly struct KeyResult<TResult>
{
    private readonly TResult _result;
    private readonly bool _isDone;

    internal KeyResult(CacheKey key, TResult result) => (Key, _result, _isDone) = (key, result, true);

    internal KeyResult(CacheKey key, Exception error)
    {
        (Key, Error) = (key, error);
        _result = default!;
    }

    /// <summary>The key; of a call that could not be bound to one, the default.</summary>
    public CacheKey Key { get; }

    /// <summary>What the call for this key alone would have thrown; null for none. Other keys have their results all the same.</summary>
    public Exception? Error { get; }

    /// <summary>The result.</summary>
    /// <exception cref="Exception"><see cref="Error"/>, so that a failure is never taken for a miss.</exception>
    public TResult Result
    {
        get
        {
            if (Error is not null)
                ExceptionDispatchInfo.Throw(Error);
            return _isDone ? _result : throw new InvalidOperationException("This is no key's result.");
        }
    }
}
