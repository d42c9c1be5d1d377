using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace OrleansCache;

/// <summary>The stages around a method's calls: total timeout, retry, permit, breaker, attempt timeout.</summary>
internal sealed class MethodPipeline
{
    private static readonly ResiliencePropertyKey<MethodCall> Call = new("call");
    private readonly IntegrationRuntime _runtime;
    private readonly IntegrationMethod _method;
    private readonly OriginBreaker _breaker;
    private readonly IntegrationParts _parts;
    private readonly ResiliencePipeline<CallOutcome> _whole;
    private readonly ResiliencePipeline<CallOutcome> _attempt;

    public MethodPipeline(IntegrationRuntime runtime, IntegrationMethod method, OriginBreaker breaker, IntegrationParts parts)
    {
        (_runtime, _method, _breaker, _parts) = (runtime, method, breaker, parts);
        var whole = new ResiliencePipelineBuilder<CallOutcome> { TimeProvider = parts.Clock }.AddTimeout(method.Resilience.Timeout);
        if (method.IsRetried)
            whole.AddRetry(RetryOf(method.Resilience.Retry));
        _whole = whole.Build();
        _attempt = new ResiliencePipelineBuilder<CallOutcome> { TimeProvider = parts.Clock }.AddTimeout(method.Resilience.AttemptTimeout).Build();
    }

    /// <exception cref="Exception">What the last attempt ended with, when it gave nothing to judge.</exception>
    public async ValueTask<CallOutcome> RunAsync(MethodCall call, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(Call, call);
        try
        {
            return await _whole.ExecuteAsync(static (context, self) => self.AttemptAsync(context), context, this).ConfigureAwait(false);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    public OriginBreaker Breaker => _breaker;

    private RetryStrategyOptions<CallOutcome> RetryOf(RetrySettings retry) => new()
    {
        MaxRetryAttempts = retry.MaxRetryAttempts,
        BackoffType = retry.BackoffType,
        Delay = retry.Delay,
        MaxDelay = retry.MaxDelay,
        UseJitter = retry.UseJitter,
        ShouldHandle = static args => new(
            CallOutcome.IsTransient(args.Outcome.Result, args.Outcome.Exception) && !args.Context.Properties.GetValue(Call, null!).IsGivenUp),
        DelayGenerator = args => new(_runtime.Integration.Limit is null ? args.Outcome.Result.Response.RetryAfter : null),
        OnRetry = args =>
        {
            var detail = CallOutcome.ProblemOf(args.Outcome.Result, args.Outcome.Exception, breaker: null)!.Detail;
            _runtime.Health.Retried(_method.Name, args.AttemptNumber + 1, detail, args.RetryDelay);
            _parts.Logger.Retrying(_runtime.Integration.Name, _method.Name, args.AttemptNumber + 1, detail, args.RetryDelay.TotalMilliseconds);
            return default;
        },
    };

    /// <summary>One attempt with its permit. The permit is not asked for while the breaker is certain to stop the call.</summary>
    private async ValueTask<CallOutcome> AttemptAsync(ResilienceContext context)
    {
        var call = context.Properties.GetValue(Call, null!);
        var permit = new Permit(PermitKind.NotNeeded);
        if (_breaker.OpenFor is var openFor && openFor > TimeSpan.Zero)
        {
            _parts.Metrics.Stopped(_runtime.Integration.Name);
            throw new BrokenCircuitException("The circuit breaker is open.", openFor);
        }

        if (_runtime.Integration.Limit is { } limit)
            permit = await PermitAsync(limit, call, context.CancellationToken).ConfigureAwait(false);
        if (permit.Kind == PermitKind.Refused)
            return call.GiveUp(CallOutcome.Limited(permit.RetryAfter, permit.Hold));

        try
        {
            var outcome = await _breaker.Pipeline.ExecuteAsync(
                static (context, state) => state.self._attempt.ExecuteAsync(
                    static (context, state) => state.self.CallAsync(state.call, state.permit, context.CancellationToken), context, state),
                context,
                (self: this, call, permit)).ConfigureAwait(false);
            return outcome.IsLimited ? call.GiveUp(outcome) : call.Ended(outcome);
        }
        catch (BrokenCircuitException)
        {
            _parts.Metrics.Stopped(_runtime.Integration.Name);
            throw;
        }
        catch (Exception e) when (!call.IsGivenUp)
        {
            call.Ended(e);
            throw;
        }
    }

    private async ValueTask<CallOutcome> CallAsync(MethodCall call, Permit permit, CancellationToken attempt)
    {
        var limit = _runtime.Integration.Limit;
        var slip = new PermitSlip(permit, Renew, _parts.Clock, attempt) { IsOnce = _method.Writer is not null && !_method.IsRetried, Turn = call.Turn };
        var started = _parts.Clock.GetTimestamp();
        var (outcome, isTold, isMade) = ("failed", false, false);
        PermitSlip.Current = slip;
        try
        {
            if (_runtime.Caller is not HttpIntegration)
                await slip.EnsureFreshAsync().ConfigureAwait(false);
            isMade = _runtime.Caller is not HttpIntegration;
            var answer = await AskAsync(call, slip, attempt).ConfigureAwait(false);
            (outcome, isTold) = (OutcomeOf(answer.Response.Kind), CallOutcome.Tells(answer.Response));
            await PauseAsync(answer.Response, attempt).ConfigureAwait(false);
            return answer;
        }
        catch (Exception) when (slip is { IsTooLate: true, IsUsed: false })
        {
            outcome = "";
            return CallOutcome.TooLate;
        }
        catch (Exception) when (slip.Refusal is { } retryAfter)
        {
            outcome = "";
            return CallOutcome.Limited(retryAfter, slip.Hold);
        }
        catch (OperationCanceledException) when (attempt.IsCancellationRequested)
        {
            outcome = "timeout";
            throw;
        }
        catch (OperationCanceledException e)
        {
            throw new IOException("The call was cancelled, and not by its timeout.", e);
        }
        finally
        {
            PermitSlip.Current = null;
            if (isMade || slip.IsUsed)
                Left(call, isTold);
            if (outcome.Length > 0)
                _parts.Metrics.Called(_runtime.Integration.Name, outcome, _parts.Clock.GetElapsedTime(started));
        }

        async ValueTask<Permit> Renew(CancellationToken cancellationToken)
        {
            _parts.Logger.PermitRenewed(_runtime.Integration.Name, _method.Name);
            return limit is null ? new(PermitKind.NotNeeded) : await PermitAsync(limit, call, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Left(MethodCall call, bool isTold)
    {
        _runtime.Health.Called();
        if (!isTold)
            call.Doubt();
    }

    private async ValueTask<CallOutcome> AskAsync(MethodCall call, PermitSlip slip, CancellationToken attempt)
    {
        var (name, method) = (_runtime.Integration.Name, _method.Name);
        if (call.Many is null)
            return new(await _runtime.Caller.CallAsync(call.Request(name, method, slip), attempt).ConfigureAwait(false));
        if (_runtime.Caller is not IManyIntegration many)
            throw new InvalidOperationException($"The method '{name}/{method}' has Many set, and its integration is no IManyIntegration; implement it, or leave Many out.");
        var items = await many.CallManyAsync(call.ManyRequest(name, method, slip), attempt).ConfigureAwait(false);
        return items.Count == call.Many.Count ? CallOutcome.Of(items)
            : throw new InvalidOperationException($"'{name}/{method}' gave {items.Count} answers for {call.Many.Count} keys; give one for each, in their order.");
    }

    /// <summary>Refreshes wait in the background class; a call that somebody waits for does as <see cref="RateLimitPolicy.OnMiss"/> says.</summary>
    private async ValueTask<Permit> PermitAsync(RateLimitPolicy limit, MethodCall call, CancellationToken cancellationToken)
    {
        var wait = call.Background || limit.OnMiss == OnMiss.Wait ? limit.MaxWait : TimeSpan.Zero;
        var permit = await _parts.Permits.AcquireAsync(_runtime.Integration.Name, call.Background, wait, cancellationToken).ConfigureAwait(false);
        return permit.Kind == PermitKind.Refused && !call.Background && limit.OnMiss == OnMiss.Bypass ? new(PermitKind.NotNeeded) : permit;
    }

    /// <summary>429 and 503 with Retry-After hold up everybody's calls, not only this one's.</summary>
    private async ValueTask PauseAsync(IntegrationResponse response, CancellationToken cancellationToken)
    {
        if (response is { Kind: IntegrationResponseKind.Failed, StatusCode: 0 or 429 or 503, RetryAfter: { } wait } && _runtime.Integration.Limit is not null)
            await _parts.Permits.PauseAsync(_runtime.Integration.Name, wait, cancellationToken).ConfigureAwait(false);
    }

    private static string OutcomeOf(IntegrationResponseKind kind) => kind switch
    {
        IntegrationResponseKind.Value => "ok",
        IntegrationResponseKind.NotModified => "not_modified",
        IntegrationResponseKind.Absent => "absent",
        IntegrationResponseKind.Refused => "refused",
        _ => "failed",
    };
}
