using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace OrleansCache;

internal sealed class OriginCaller(
    LiveConfiguration configuration, IEnumerable<CodeIntegration> code, IServiceProvider services, IGrainFactory grains, ITagLog tags, IntegrationParts parts) : IOriginCaller, IOriginWriter, IIntegrationMonitor
{
    private readonly ConcurrentDictionary<string, IntegrationRuntime> _runtimes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Lazy<IIntegration>> _code = code.ToDictionary(
        integration => integration.Name, integration => new Lazy<IIntegration>(() => integration.Make(services)), StringComparer.Ordinal);
    private readonly Lock _changing = new();

    public Task<OriginResult> CallAsync(OriginCall call, CancellationToken cancellationToken) =>
        Task.Run(() => RunAsync(call, cancellationToken), cancellationToken);

    public Task<WriterAnswer> WriteAsync(string integration, WriterCall call) => Task.Run(() => RunAsync(integration, call));

    public Task<ImmutableArray<OriginResult>> CallManyAsync(RegionPolicy policy, ImmutableArray<BatchItem> items, CallerToken? caller, CancellationToken cancellationToken) =>
        Task.Run(() => RunManyAsync(policy, items, caller, cancellationToken), cancellationToken);

    public string? DescribeBreaker(string integration) => RuntimeOf(integration)?.DescribeBreaker();

    public ImmutableArray<IntegrationStatus> Statuses() =>
        [.. configuration.Current.Integrations.Keys.Order(StringComparer.Ordinal).Select(StatusOf).OfType<IntegrationStatus>()];

    public IntegrationStatus? StatusOf(string integration) =>
        RuntimeOf(integration) is { } runtime ? runtime.Health.Describe(runtime.DescribeBreaker()) : null;

    private static OriginResult Failed(LoadProblem problem) => new() { Kind = OriginResultKind.Failed, Problem = problem };

    private static LoadProblem BadCall(string detail, string message) => new() { Kind = ProblemKind.BadCall, Detail = detail, Message = message };

    private async Task<OriginResult> RunAsync(OriginCall call, CancellationToken cancellationToken)
    {
        if (Bind(call.Policy.Integration, call.Policy.Method, call.Arguments, writes: false, out var runtime, out var method, out var arguments) is { } wrong)
            return Failed(wrong);
        var (outcome, problem) = await RunAsync(runtime, method, new(arguments, call.Background, call.ETag, call.LastModified) { Caller = call.Caller }, cancellationToken).ConfigureAwait(false);
        return ResultOf(outcome.Response, problem, method, arguments);
    }

    private async Task<WriterAnswer> RunAsync(string integration, WriterCall write)
    {
        if (Bind(integration, write.Method, write.Arguments, writes: true, out var runtime, out var method, out var arguments) is { } wrong)
            return WriterAnswers.Of(wrong, isInDoubt: false);
        var turn = write.Turn is { } held ? new WriterTurn(grains.GetGrain<IEntryGrain>(held.Entry), held.Ticket, parts.Clock) : null;
        if (turn is not null && !await turn.TakeAsync().ConfigureAwait(false))
            return WriterAnswer.NotAsked(WriterAnswers.TurnIsOver);
        var call = new MethodCall(arguments, background: false, eTag: null, lastModified: null) { Write = write, Caller = write.Caller, Turn = turn };
        var running = RunAsync(runtime, method, call, CancellationToken.None);
        if (turn is not null)
            await turn.KeepAsync(running).ConfigureAwait(false);
        var (outcome, problem) = await running.ConfigureAwait(false);
        var answer = problem is not null ? WriterAnswers.Of(problem, call.IsInDoubt) : WriterAnswers.Of(outcome.Response, method.Writer!, arguments);
        return answer.End == OriginWriteEnd.Refused || write.Invalidates.IsDefaultOrEmpty ? answer : answer with { AreTagsRaised = await InvalidateAsync(write.Invalidates).ConfigureAwait(false) };
    }

    /// <summary>False when it is not durable in time. It goes on all the same, also for a client that is gone.</summary>
    private async Task<bool> InvalidateAsync(ImmutableArray<string> invalidated)
    {
        var raise = tags.RaiseOwedAsync(invalidated, parts.Clock);
        return await Waits.EndsAsync(raise, EntryLimits.Slice, parts.Clock, CancellationToken.None).ConfigureAwait(false) && raise.IsCompletedSuccessfully;
    }

    private async Task<ImmutableArray<OriginResult>> RunManyAsync(RegionPolicy policy, ImmutableArray<BatchItem> items, CallerToken? caller, CancellationToken cancellationToken)
    {
        var results = new OriginResult[items.Length];
        var bound = new List<(int Index, IReadOnlyDictionary<string, string?> Arguments)>();
        (IntegrationRuntime? runtime, IntegrationMethod? method) = (null, null);
        foreach (var (index, item) in items.Index())
        {
            if (Bind(policy.Integration, policy.Method, item.Arguments, writes: false, out var found, out var known, out var arguments) is { } wrong)
            {
                results[index] = Failed(wrong);
                continue;
            }

            (runtime, method) = (found, known);
            bound.Add((index, arguments));
        }

        if (bound.Count == 0)
            return ImmutableCollectionsMarshal.AsImmutableArray(results);
        var call = new MethodCall(bound[0].Arguments, background: false, null, null) { Many = [.. bound.Select(static one => one.Arguments)], Caller = caller };
        var (outcome, problem) = await RunAsync(runtime!, method!, call, cancellationToken).ConfigureAwait(false);
        foreach (var (place, (index, arguments)) in bound.Index())
        {
            var item = problem is null ? outcome.Items![place] : default;
            results[index] = ResultOf(item, problem ?? CallOutcome.ProblemOf(new(item), null, breaker: null), method!, arguments);
        }

        return ImmutableCollectionsMarshal.AsImmutableArray(results);
    }

    private async Task<(CallOutcome Outcome, LoadProblem? Problem)> RunAsync(
        IntegrationRuntime runtime, IntegrationMethod method, MethodCall call, CancellationToken cancellationToken)
    {
        var pipeline = runtime.Pipelines[method.Name];
        var (outcome, exception) = (default(CallOutcome), default(Exception));
        try
        {
            outcome = await pipeline.RunAsync(call, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            exception = e;
        }

        var problem = CallOutcome.ProblemOf(outcome, exception, pipeline.Breaker);
        if (problem is { Kind: ProblemKind.OriginFailed or ProblemKind.Timeout or ProblemKind.TooLarge })
        {
            runtime.Health.Failed($"{method.Name}: {problem.Detail}: {problem.Message}");
            if (runtime.Integration.Name != WarmUpIntegration.Name)
                parts.Logger.CallFailed(runtime.Integration.Name, method.Name, problem.Detail, problem.Message ?? "");
        }

        return (outcome, problem);
    }

    private static OriginResult ResultOf(in IntegrationResponse response, LoadProblem? problem, IntegrationMethod method, IReadOnlyDictionary<string, string?> arguments)
    {
        if (problem is not null && problem.Kind != ProblemKind.NotFound)
            return Failed(problem);
        return new()
        {
            Kind = response.Kind switch
            {
                IntegrationResponseKind.Value => OriginResultKind.Value,
                IntegrationResponseKind.NotModified => OriginResultKind.NotModified,
                _ => OriginResultKind.Absent,
            },
            Bytes = response.Body.ToArray(),
            ContentType = response.ContentType,
            Encoding = response.Encoding,
            ETag = response.ETag,
            LastModified = response.LastModified,
            Tags = method.TagsOf(arguments, response.Tags),
            Problem = problem,
        };
    }

    /// <summary>Finds what is called; a problem when there is no such call.</summary>
    private LoadProblem? Bind(
        string? name, string? methodName, ImmutableArray<CallArgument> given, bool writes, out IntegrationRuntime runtime, out IntegrationMethod method, out Dictionary<string, string?> arguments)
    {
        arguments = new(StringComparer.Ordinal);
        (runtime, method) = (null!, null!);
        if (name is null || RuntimeOf(name) is not { } found)
            return BadCall("unknown-integration", $"There is no integration '{name}' in this silo's configuration.");
        runtime = found;
        if (methodName is null || !runtime.Integration.Methods.TryGetValue(methodName, out var foundMethod))
            return BadCall("unknown-method", $"The integration '{name}' has no method '{methodName}'.");
        method = foundMethod;
        if (method.Writer is not null != writes)
            return BadCall("wrong-method", $"'{name}/{methodName}' {(writes ? "reads" : "writes, and is never called to read")}.");
        foreach (var argument in given.IsDefault ? [] : given)
        {
            if (!arguments.TryAdd(argument.Name, argument.Value))
                return BadCall("surplus-argument", $"The argument '{argument.Name}' is given twice.");
        }

        foreach (var parameter in method.Parameters)
        {
            if (!parameter.Optional && !arguments.ContainsKey(parameter.Name))
                return BadCall("missing-argument", $"The argument '{parameter.Name}' is missing.");
        }

        var known = method.Parameters;
        if (arguments.Keys.FirstOrDefault(argument => !known.Any(parameter => parameter.Name == argument)) is { } surplus)
            return BadCall("surplus-argument", $"The method takes no argument '{surplus}'.");
        try
        {
            method.Path?.Path(arguments);
            return null;
        }
        catch (FormatException e)
        {
            return BadCall("bad-argument", e.Message);
        }
    }

    private IntegrationRuntime? RuntimeOf(string name)
    {
        if (!configuration.Current.Integrations.TryGetValue(name, out var integration))
        {
            _runtimes.TryRemove(name, out _);
            return null;
        }

        if (_runtimes.TryGetValue(name, out var runtime) && ReferenceEquals(runtime.Integration, integration))
            return runtime;
        lock (_changing)
        {
            integration = configuration.Current.Integrations.GetValueOrDefault(name) ?? integration;
            if (!_runtimes.TryGetValue(name, out runtime) || !ReferenceEquals(runtime.Integration, integration))
                _runtimes[name] = runtime = IntegrationRuntime.Make(integration, _code.GetValueOrDefault(name)?.Value, runtime, parts);
            return runtime;
        }
    }
}
