using System.Runtime.ExceptionServices;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace OrleansCache;

/// <summary>What plans are made with.</summary>
internal sealed class CallPlanParts(IGrainFactory grains, TimeProvider clock)
{
    public PermitClient Permits { get; } = new(grains, clock);
    public TimeProvider Clock => clock;
}

/// <summary>A strategy for one type of result: total timeout, retry, a permit for each attempt, the attempt's timeout, the call; then the rules for its result.</summary>
internal sealed class CallPlan<T>
{
    private static readonly ResiliencePropertyKey<CallRun> Run = new("run");
    private readonly CallPlanParts _parts;
    private readonly CallRetryOptions? _retry;
    private readonly ResiliencePipeline? _whole;
    private readonly ResiliencePipeline? _attempt;
    private readonly Func<T, bool>[] _shouldCache;
    private readonly Func<T, T>[] _filters;
    private readonly Func<T, bool>[] _validate;
    private readonly Action<T, LoadContext>[] _adapt;

    public CallPlan(CacheStrategy strategy, CallPlanParts parts)
    {
        (_parts, _retry) = (parts, strategy.Retry);
        if (strategy.Retry is not null || strategy.Timeout is not null)
        {
            var whole = new ResiliencePipelineBuilder { TimeProvider = parts.Clock };
            if (strategy.Timeout is { } timeout)
                whole.AddTimeout(timeout);
            if (strategy.Retry is { } retry)
                whole.AddRetry(RetryOf(retry));
            _whole = whole.Build();
        }

        if (strategy.AttemptTimeout is { } attemptTimeout)
            _attempt = new ResiliencePipelineBuilder { TimeProvider = parts.Clock }.AddTimeout(attemptTimeout).Build();
        _shouldCache = [.. RulesOf<Func<T, bool>>(strategy, RuleKind.ShouldCache)];
        _filters = [.. strategy.Rules.Select(static rule => rule.Filter?.For<T>()).OfType<Func<T, T>>()];
        _validate = [.. RulesOf<Func<T, bool>>(strategy, RuleKind.Validate)];
        _adapt = [.. RulesOf<Action<T, LoadContext>>(strategy, RuleKind.Adapt)];
    }

    /// <summary>Whether a value that was read may be served.</summary>
    public bool IsValid(T? value) => value is null || Array.TrueForAll(_validate, rule => rule(value));

    /// <summary>Asks for the origin's version, in an attempt's time.</summary>
    public ValueTask<string?> AskAsync(Func<VersionCall, CancellationToken, ValueTask<string?>> version, VersionCall call, CancellationToken ct) => _attempt is null
        ? version(call, ct)
        : _attempt.ExecuteAsync(static (s, ct) => s.Version(s.Call, ct), (Version: version, Call: call), ct);

    /// <summary>Makes the call, in the load's scope.</summary>
    /// <exception cref="IntegrationException">A later attempt got no permit.</exception>
    public async ValueTask<T> RunAsync<TState>(CallRun run, TState state, Func<TState, CancellationToken, ValueTask<T>> call, CancellationToken ct)
    {
        var value = _whole is null
            ? await AttemptAsync(run, state, call, ct).ConfigureAwait(false)
            : await RetriedAsync(run, state, call, ct).ConfigureAwait(false);
        return Judged(value);
    }

    /// <summary>A result under the rules, in its load's scope.</summary>
    public T Judged(T value)
    {
        if (value is null)
            return value;
        foreach (var filter in _filters)
            value = filter(value);
        if (value is null || LoadScope.Current?.Context is not { } context)
            return value;
        foreach (var adapt in _adapt)
            adapt(value, context);
        if (!Array.TrueForAll(_shouldCache, rule => rule(value)) || !IsValid(value))
            context.DoNotStore = true;
        return value;
    }

    private static IEnumerable<TRule> RulesOf<TRule>(CacheStrategy strategy, RuleKind kind)
        where TRule : Delegate => strategy.Rules.Where(rule => rule.Kind == kind).Select(static rule => rule.Rule).OfType<TRule>();

    private static RetryStrategyOptions RetryOf(CallRetryOptions retry) => new()
    {
        MaxRetryAttempts = retry.MaxRetryAttempts,
        BackoffType = retry.BackoffType,
        UseJitter = retry.UseJitter,
        Delay = retry.Delay,
        MaxDelay = retry.MaxDelay,
        DelayGenerator = retry.DelayGenerator,
        Randomizer = retry.Randomizer,
        Name = retry.Name,
        OnRetry = retry.OnRetry,
        ShouldHandle = args => args.Context.Properties.GetValue(Run, null!).IsRefused ? PredicateResult.False() : retry.ShouldHandle(args),
    };

    private async ValueTask<T> RetriedAsync<TState>(CallRun run, TState state, Func<TState, CancellationToken, ValueTask<T>> call, CancellationToken ct)
    {
        var context = ResilienceContextPool.Shared.Get(ct);
        context.Properties.Set(Run, run);
        try
        {
            return await _whole!.ExecuteAsync(
                static (context, s) => s.Self.AttemptAsync(s.Run, s.State, s.Call, context.CancellationToken), context, (Self: this, Run: run, State: state, Call: call)).ConfigureAwait(false);
        }
        catch (TimeoutRejectedException e) when (run.Failure is { } failure && failure != e)
        {
            // The time was over while the next attempt was waited for: what went wrong is the failure before it.
            throw Final(run, failure);
        }
        catch (Exception e) when (!run.IsRefused && !ct.IsCancellationRequested && _retry?.Wrap is not null)
        {
            throw Final(run, e);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private Exception Final(CallRun run, Exception e)
    {
        if (_retry?.Wrap is { } wrap)
            return wrap(e, run.Attempts);
        ExceptionDispatchInfo.Throw(e);
        return e;
    }

    private async ValueTask<T> AttemptAsync<TState>(CallRun run, TState state, Func<TState, CancellationToken, ValueTask<T>> call, CancellationToken ct)
    {
        var number = run.Attempts;
        if (number > 0)
        {
            LoadScope.Current?.Context.Clear();
            await run.TakePermitAsync(_parts.Permits, ct).ConfigureAwait(false);
        }

        run.Attempts++;
        if (_retry?.OnAttempt is { } onAttempt)
            await onAttempt(new(number)).ConfigureAwait(false);
        var started = _parts.Clock.GetTimestamp();
        T value;
        try
        {
            value = _attempt is null
                ? await call(state, ct).ConfigureAwait(false)
                : await _attempt.ExecuteAsync(static (s, ct) => s.Call(s.State, ct), (Call: call, State: state), ct).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            if (!ct.IsCancellationRequested)
                run.Failure = e;
            await EndedAsync(new(number, Exception: e, Duration: _parts.Clock.GetElapsedTime(started))).ConfigureAwait(false);
            throw;
        }

        await EndedAsync(new(number, Result: value, Duration: _parts.Clock.GetElapsedTime(started))).ConfigureAwait(false);
        return value;
    }

    private ValueTask EndedAsync(CallAttempt attempt) => _retry?.OnAttempted?.Invoke(attempt) ?? default;
}
