using System.Runtime.CompilerServices;
using Microsoft.Extensions.Options;

namespace OrleansCache;

/// <inheritdoc/>
internal sealed partial class OrleansCacheClient(
    IRawCache raw, Reader reader, FlightTable flights, Loader loader, VersionQuestions versions, OriginWrites writes, IIntegrationWrites integrations,
    ValueCodecs codecs, ClientMetrics metrics, CallPlanParts plans, Watches watches,
    IOptions<OrleansCacheClientOptions> client) : IOrleansCache
{
    private const int MostQuestions = 3;

    public CacheKey KeyOf(string integration, string method, params ReadOnlySpan<(string Name, object? Value)> arguments) =>
        CacheKey.For(RegionOf(integration, method), arguments);

    public CacheKey KeyOf(string integration, string method, string key) => CacheKey.Of(RegionOf(integration, method), key);

    private string RegionOf(string integration, string method) => RegionName.OfMethod(client.Value.Service, client.Value.ServiceVersion, integration, method);

    public ValueTask<CacheResult<T>> GetAsync<T>(CacheKey key, CancellationToken ct = default) =>
        reader.ReadAsync(key, this, static (self, in reply, key, started, isShared) => ((OrleansCacheClient)self).Decoded<T>(reply, key.Region, started, isShared), metrics.Start(), ct);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<CacheResult<T>> CallAsync<T>(string integration, string method, IReadOnlyDictionary<string, string?> args, CancellationToken ct = default)
    {
        var started = metrics.Start();
        return Decoded<T>(await raw.CallAsync(integration, method, args, ct: ct).ConfigureAwait(false), $"{integration}/{method}", started);
    }

    public ValueTask<CacheResult<T>> GetOrCreateAsync<T>(CacheKey key, Func<CancellationToken, ValueTask<T>> factory, EntryOptions? options = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return GetOrCreateAsync(key, factory, static (make, token) => make(token), options, ct);
    }

    public ValueTask<CacheResult<T>> GetOrCreateAsync<TState, T>(CacheKey key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryOptions? options = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(factory);
        var order = new LoadOrder<TState, T>(key, state, factory, EntryOptionRules.Checked(options)) { Plan = (options as CacheStrategy)?.PlanOf<T>(plans) };
        return options is CacheStrategy { Strategy: Strategy.Versioned } versioned ? VersionedAsync(order, versioned, ct) : GetOrCreateAsync(order, ct);
    }

    /// <inheritdoc cref="IOrleansCache.GetOrCreateAsync{TState, T}"/>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<CacheResult<T>> GetOrCreateAsync<TState, T>(LoadOrder<TState, T> order, CancellationToken ct)
    {
        var started = order.IsUncounted ? ClientMetrics.Unmeasured : metrics.Start();
        return ResultOf(await LandingAsync(order, ct).ConfigureAwait(false), order.Key, started);
    }

    private async ValueTask<CacheResult<T>> VersionedAsync<TState, T>(LoadOrder<TState, T> order, CacheStrategy versioned, CancellationToken ct) =>
        await VersionedAsync(order, versioned, order.Plan!, await versions.FindAsync(order.Key, versioned, order.Plan!, ct).ConfigureAwait(false), ct).ConfigureAwait(false);

    private async ValueTask<CacheResult<T>> VersionedAsync<TState, T>(LoadOrder<TState, T> order, CacheStrategy versioned, CallPlan<T> plan, VersionOfRead version, CancellationToken ct)
    {
        var started = metrics.Start();
        order.Wanted = version.Wanted;
        var landing = await LandingAsync(order, ct).ConfigureAwait(false);
        for (var asked = 0; landing.Reply.Status is ReadStatus.AskVersion; asked++)
        {
            if (asked == MostQuestions)
                throw new CacheUnavailableException($"The key's owner wants the origin's version again after {MostQuestions} answers: its silo may be of another release.");
            // The session's version is from earlier: a load that was of it would be found under it for good.
            version = await versions.AskAsync(order.Key, versioned, plan, version.Wanted, ct).ConfigureAwait(false);
            order.Wanted = version.Wanted;
            landing = await LandingAsync(order, ct).ConfigureAwait(false);
        }

        return ResultOf(version.Judge(order.Key, landing), order.Key, started);
    }

    private ValueTask<Landing<T>> LandingAsync<TState, T>(LoadOrder<TState, T> order, CancellationToken ct) => flights.FlyAsync<(Loader Loader, LoadOrder<TState, T> Order), T>(
        order.Key.GrainKey, FlightKind.Load, (loader, order), static (flight, s) => s.Loader.RunAsync(flight, s.Order), ct, order.Apart);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<WriteResult> SetAsync<T>(CacheKey key, T value, EntryOptions? options = null, WriteCondition when = default, CancellationToken ct = default)
    {
        var reply = await raw.SetAsync(key, codecs.Encode(value), options, when, ct).ConfigureAwait(false);
        return new(reply.Status is WriteStatus.Accepted, reply.Version);
    }

    public ValueTask<WriteResult> WriteThroughAsync<T>(CacheKey key, Func<CancellationToken, ValueTask<T>> write, EntryOptions? options = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(write);
        var given = EntryOptionRules.Checked(options);
        return writes.RunAsync(key, (_, token) => write(token), value => new(codecs.Encode(value), given), Invalidation.None, ct);
    }

    public async ValueTask<WriteAnswer<T>> WriteAsync<TBody, T>(string integration, string method, IReadOnlyDictionary<string, string?> args, TBody body, CancellationToken ct = default)
    {
        var sent = body is null ? default : codecs.Encode(body);
        var writing = integrations.RunAsync(integration, method, args, body is null ? default : new(sent.Bytes, sent.ContentType, sent.Encoding), ct).AsTask();
        var (answer, version) = await writing.WaitAsync(ct).ConfigureAwait(false);
        if (answer.Problem is { } problem)
            throw Failure(problem, answer.End != OriginWriteEnd.Refused);
        var value = answer.Bytes is { Length: > 0 } bytes ? new EntryValue { Bytes = bytes, ContentType = answer.ContentType, Encoding = answer.Encoding } : null;
        return codecs.TryDecode<T>(value, out var decoded, out var error)
            ? new(decoded, version, answer.StatusCode, answer.Location)
            : throw new CacheSerializationException($"The origin has the write, and its answer from '{integration}/{method}' is no {typeof(T)}: {error!.Message}", error);
    }

    public async ValueTask<bool> RemoveAsync(CacheKey key, CancellationToken ct = default) =>
        (await raw.RemoveAsync(key, default, ct).ConfigureAwait(false)).Existed;

    public async ValueTask<WriteResult> RemoveAsync(CacheKey key, WriteCondition when, CancellationToken ct = default)
    {
        var reply = await raw.RemoveAsync(key, when, ct).ConfigureAwait(false);
        return new(reply.Status is WriteStatus.Accepted, reply.Version);
    }

    public async ValueTask<bool> RefreshAsync(CacheKey key, CancellationToken ct = default)
    {
        var reply = await raw.RefreshAsync(key, ct: ct).ConfigureAwait(false);
        return reply.Status is ReadStatus.Failed ? throw Failure(reply.Problem) : reply.Status is not ReadStatus.Miss;
    }

    public async ValueTask<CacheExplanation> ExplainAsync(CacheKey key, CancellationToken ct = default)
    {
        var known = await raw.ExplainAsync(key, ct).ConfigureAwait(false);
        var limiter = known.Integration is { } integration ? LimiterText.Of(await raw.DescribeLimiterAsync(integration, ct).ConfigureAwait(false)) : null;
        return new()
        {
            Region = key.Region,
            Key = key.Key,
            State = known.State,
            Version = known.Version,
            OriginVersion = known.OriginVersion,
            LastRetrieved = ClusterInstant.OrNull(known.LastRetrieved),
            LastModified = ClusterInstant.OrNull(known.LastModified),
            FreshUntil = ClusterInstant.OrNull(known.FreshUntil),
            StaleUntil = ClusterInstant.OrNull(known.StaleUntil),
            Reason = known.Reason,
            LastError = known.LastError,
            Limiter = limiter,
            Breaker = known.Breaker,
            Owner = known.Owner,
            View = known.View,
        };
    }

    public async ValueTask<CacheExplanation> ExplainAsync(CacheKey key, bool difference, CancellationToken ct = default)
    {
        var explanation = await ExplainAsync(key, ct).ConfigureAwait(false);
        return !difference ? explanation : explanation with { Difference = CacheDifference.Of(await raw.DifferenceAsync(key, ct).ConfigureAwait(false)) };
    }

    public IAsyncEnumerable<CacheChange> WatchAsync(CacheKey key, long? known = null, CancellationToken ct = default) => watches.OfKey(key, known, ct);

    public IAsyncEnumerable<CacheChange> WatchTagAsync(string tag, long? known = null, CancellationToken ct = default) => watches.OfTag(EntryOptionRules.CheckedTag(tag), known, ct);

    public ValueTask RemoveByTagAsync(IEnumerable<string> tags, CancellationToken ct = default) => raw.RemoveByTagAsync(tags, ct);

    public ValueTask RemoveByTagAsync(IEnumerable<string> tags, TimeSpan debounce, TimeSpan? atMost = null, CancellationToken ct = default) =>
        raw.RemoveByTagAsync(tags, DebounceRules.Checked(debounce, atMost), ct);

    private CacheResult<T> ResultOf<T>(in Landing<T> landing, CacheKey key, long started) => landing.Joined && !codecs.Of<T>().IsShareable
        ? Decoded<T>(landing.Reply, key.Region, started)
        : Result(landing.Reply, landing.Value, started);

    private CacheResult<T> Decoded<T>(in ReadReply reply, string where, long started, bool isShared = true) =>
        codecs.TryDecode<T>(reply.Value, out var value, out var error, isShared)
            ? Result(reply, value, started)
            : throw new CacheSerializationException($"The value in '{where}' is no {typeof(T)}: {error!.Message} It was stored as {reply.Value!.ContentType ?? "bytes of no type"}; read it as that type, or remove it.", error);

    private CacheResult<T> Result<T>(in ReadReply reply, T? value, long started)
    {
        var outcome = reply.Status switch
        {
            ReadStatus.Hit => Outcome.Hit,
            ReadStatus.Stale => Outcome.Stale,
            ReadStatus.Loaded or ReadStatus.Joined => Outcome.Loaded,
            ReadStatus.Failed when reply.Problem is { Kind: ProblemKind.Limited or ProblemKind.BreakerOpen or ProblemKind.Overloaded } => Outcome.Refused,
            ReadStatus.Failed when reply.Problem is not { Kind: ProblemKind.NotFound } => throw Refused(reply.Problem, started),
            _ => Outcome.Miss,
        };
        metrics.Read(outcome, started);
        if (reply.Value is { } entry)
            return new(value, outcome, entry.Version, ClusterInstant.Of(entry.LastRetrieved), ClusterInstant.Of(entry.LastModified), null);
        var retryAfter = reply.Problem is { RetryAfterMilliseconds: > 0 and var wait } ? TimeSpan.FromMilliseconds(wait) : (TimeSpan?)null;
        return new(default, outcome, 0, default, default, outcome is Outcome.Refused ? retryAfter : null);
    }

    private Exception Refused(LoadProblem? problem, long started)
    {
        metrics.Read(Outcome.Refused, started);
        return Failure(problem);
    }

    internal static Exception Failure(LoadProblem? problem, bool mayHaveHappened = false) => problem switch
    {
        { Kind: ProblemKind.BadCall } => new ArgumentException(problem.Message ?? problem.Detail),
        { Kind: ProblemKind.Unavailable, RetryAfterMilliseconds: > 0 and var wait } => new CacheUnavailableException(problem.Message ?? "The key's owner cannot prove its right or reach its store.", TimeSpan.FromMilliseconds(wait)),
        null or { Kind: ProblemKind.Unavailable } => new CacheUnavailableException(problem?.Message ?? "The key's owner cannot prove its right or reach its store."),
        _ => new IntegrationException(problem) { MayHaveHappened = mayHaveHappened },
    };
}
