using System.Globalization;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.CircuitBreaker;

namespace OrleansCache;

/// <summary>A circuit breaker that outlives reloads which leave its settings alone.</summary>
internal sealed class OriginBreaker
{
    private readonly TimeProvider _clock;
    private readonly CircuitBreakerStateProvider _state = new();
    private DateTimeOffset _openUntil;
    private volatile LoadProblem? _cause;

    public OriginBreaker(string name, CircuitBreakerSettings settings, TimeProvider clock, ILogger logger)
    {
        (Settings, _clock) = (settings, clock);
        Pipeline = !settings.Enabled ? ResiliencePipeline<CallOutcome>.Empty : new ResiliencePipelineBuilder<CallOutcome> { TimeProvider = clock }
            .AddCircuitBreaker(new()
            {
                FailureRatio = settings.FailureRatio,
                MinimumThroughput = settings.MinimumThroughput,
                SamplingDuration = settings.SamplingDuration,
                BreakDuration = settings.BreakDuration,
                StateProvider = _state,
                ShouldHandle = args => new(CallOutcome.IsIllness(args.Outcome.Result, args.Outcome.Exception)
                    || (_state.CircuitState == CircuitState.HalfOpen && CallOutcome.IsUnasked(args.Outcome.Result, args.Outcome.Exception))),
                OnOpened = args =>
                {
                    if (!CallOutcome.IsUnasked(args.Outcome.Result, args.Outcome.Exception))
                        _cause = CallOutcome.ProblemOf(args.Outcome.Result, args.Outcome.Exception, breaker: null);
                    _openUntil = clock.GetUtcNow() + args.BreakDuration;
                    logger.BreakerOpened(name, args.BreakDuration.TotalSeconds);
                    return default;
                },
                OnHalfOpened = _ =>
                {
                    logger.BreakerHalfOpened(name);
                    return default;
                },
                OnClosed = _ =>
                {
                    logger.BreakerClosed(name);
                    return default;
                },
            })
            .Build();
    }

    public CircuitBreakerSettings Settings { get; }

    public ResiliencePipeline<CallOutcome> Pipeline { get; }

    /// <summary>The failure that opened it last; null when none has.</summary>
    public LoadProblem? Cause => _cause;

    /// <summary>How long it stays open for certain: so long no permit need be taken to find out. Zero when it may let a call through.</summary>
    public TimeSpan OpenFor => Settings.Enabled && _state.CircuitState is CircuitState.Open or CircuitState.Isolated && _openUntil > _clock.GetUtcNow()
        ? _openUntil - _clock.GetUtcNow()
        : TimeSpan.Zero;

    /// <summary><c>closed</c>, <c>open until …</c> or <c>half-open</c>; null when switched off.</summary>
    public string? Describe() => !Settings.Enabled ? null
        : OpenFor > TimeSpan.Zero ? $"open until {_openUntil.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)}"
        : _state.CircuitState == CircuitState.Closed ? "closed"
        : "half-open";
}
