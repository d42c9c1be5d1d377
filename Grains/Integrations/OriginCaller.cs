using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace OrleansCache;

internal sealed class OriginCaller(
    LiveConfiguration configuration, IEnumerable<CodeIntegration> code, IServiceProvider services, IntegrationParts parts) : IOriginCaller, IIntegrationMonitor
{
    private readonly ConcurrentDictionary<string, IntegrationRuntime> _runtimes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Lazy<IIntegration>> _code = code.ToDictionary(
        integration => integration.Name, integration => new Lazy<IIntegration>(() => integration.Make(services)), StringComparer.Ordinal);
    private readonly Lock _changing = new();

    public Task<OriginResult> CallAsync(OriginCall call, CancellationToken cancellationToken) =>
        Task.Run(() => RunAsync(call, cancellationToken), cancellationToken);

    public string? DescribeBreaker(string integration) => RuntimeOf(integration)?.DescribeBreaker();

    public ImmutableArray<IntegrationStatus> Statuses() =>
        [.. configuration.Current.Integrations.Keys.Order(StringComparer.Ordinal).Select(StatusOf).OfType<IntegrationStatus>()];

    public IntegrationStatus? StatusOf(string integration) =>
        RuntimeOf(integration) is { } runtime ? runtime.Health.Describe(runtime.DescribeBreaker()) : null;

    private static OriginResult Failed(LoadProblem problem) => new() { Kind = OriginResultKind.Failed, Problem = problem };

    private static OriginResult BadCall(string detail, string message) =>
        Failed(new() { Kind = ProblemKind.BadCall, Detail = detail, Message = message });

    private async Task<OriginResult> RunAsync(OriginCall call, CancellationToken cancellationToken)
    {
        if (Bind(call, out var runtime, out var method, out var arguments) is { } wrong)
            return wrong;
        var pipeline = runtime.Pipelines[method.Name];
        var (outcome, exception) = (default(CallOutcome), default(Exception));
        try
        {
            outcome = await pipeline.RunAsync(new(arguments, call.Background, call.ETag, call.LastModified), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            exception = e;
        }

        var problem = CallOutcome.ProblemOf(outcome, exception, pipeline.Breaker);
        if (problem is { Kind: ProblemKind.OriginFailed or ProblemKind.Timeout or ProblemKind.TooLarge })
        {
            runtime.Health.Failed($"{method.Name}: {problem.Detail}: {problem.Message}");
            parts.Logger.CallFailed(runtime.Integration.Name, method.Name, problem.Detail, problem.Message ?? "");
        }

        return ResultOf(outcome.Response, problem, method, arguments);
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
            Tags = [.. method.Tags.Select(tag => tag.Plain(arguments)).OfType<string>().Concat(response.Tags ?? []).Distinct(StringComparer.Ordinal)],
            Problem = problem,
        };
    }

    /// <summary>Finds what is called; a result when there is no such call.</summary>
    private OriginResult? Bind(OriginCall call, out IntegrationRuntime runtime, out IntegrationMethod method, out Dictionary<string, string?> arguments)
    {
        var given = call.Arguments.IsDefault ? [] : call.Arguments;
        arguments = new(StringComparer.Ordinal);
        (runtime, method) = (null!, null!);
        if (call.Policy.Integration is not { } name || RuntimeOf(name) is not { } found)
            return BadCall("unknown-integration", $"There is no integration '{call.Policy.Integration}' in this silo's configuration.");
        runtime = found;
        if (call.Policy.Method is not { } methodName || !runtime.Integration.Methods.TryGetValue(methodName, out var foundMethod))
            return BadCall("unknown-method", $"The integration '{name}' has no method '{call.Policy.Method}'.");
        method = foundMethod;
        foreach (var argument in given)
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
            return null;
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
