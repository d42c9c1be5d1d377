using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace OrleansCache;

/// <inheritdoc/>
internal sealed class RawCache(OwnerCalls calls, Reader reader, FlightTable flights, Catalog catalog, OperationIds ids, BatchedCalls batched) : IRawCache
{
    private static readonly Doubt<WriteRequest, WriteReply> WriteDoubt = new(static r => r.IsPending, static r => r with { IsRepeated = true }, Doubtful);
    private static readonly Doubt<RemoveRequest, WriteReply> RemoveDoubt = new(static r => r.IsPending, static r => r with { IsRepeated = true }, Doubtful);

    public ValueTask<ReadReply> GetAsync(CacheKey key, CancellationToken ct = default) =>
        reader.ReadAsync(key, this, static (_, in reply, _, _, _) => reply, 0, ct);

    public ValueTask<CallTarget> TargetAsync(string integration, string method, IReadOnlyDictionary<string, string?> args, CancellationToken ct = default) =>
        catalog.BindAsync(integration, method, args, ct);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ReadReply> CallAsync(string integration, string method, IReadOnlyDictionary<string, string?> args, CallerToken? caller = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        for (var isSecond = false; ; isSecond = true)
        {
            var target = (await catalog.BindAsync(integration, method, args, ct).ConfigureAwait(false)).InSession();
            var reply = target.Problem is not null
                ? new() { Status = ReadStatus.Failed, Problem = target.Problem }
                : (await flights.FlyAsync<(RawCache Self, CallTarget Target, CallerToken? Caller), Nothing>(
                    target.Key.GrainKey, FlightKind.Call, (this, target, caller), static (flight, s) => s.Self.CallAsync(s.Target, s.Caller, flight), ct, target.Session).ConfigureAwait(false)).Reply;
            if (isSecond || reply.Problem is not { Kind: ProblemKind.BadCall })
                return reply;

            // The description may be older than the configuration that knows this call.
            catalog.Forget(integration);
        }
    }

    public ValueTask<KeyResult<ReadReply>[]> CallManyAsync(string integration, string method, IReadOnlyList<IReadOnlyDictionary<string, string?>> args, CallerToken? caller = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        return batched.CallAsync(integration, method, args, caller, (target, flight) => CallAsync(target, caller, flight), ct);
    }

    public ValueTask<WriteReply> SetAsync(CacheKey key, RawValue value, EntryOptions? options = null, WriteCondition when = default, CancellationToken ct = default)
    {
        if (value.Bytes.Length > ValueCodecs.MaxBytes)
            throw new ArgumentException(ValueCodecs.TooLarge($"The value for region '{key.Region}'", value.Bytes.Length), nameof(value));
        var request = new WriteRequest
        {
            OperationId = ids.Next(),
            Bytes = value.Bytes,
            ContentType = value.ContentType,
            Encoding = value.Encoding,
            Lifetime = EntryOptionRules.Checked(options).ToWire(),
            Condition = when.Kind,
            Version = when.Version,
            Source = when.Source,
            Writer = ids.Process,
        };
        return ChangeAsync(key, request, static (entry, write) => entry.WriteAsync(write, CancellationToken.None), WriteDoubt, value.Bytes.Length, ct);
    }

    public ValueTask<WriteReply> RemoveAsync(CacheKey key, WriteCondition when = default, CancellationToken ct = default)
    {
        var request = new RemoveRequest { OperationId = ids.Next(), Condition = when.Kind, Version = when.Version, Source = when.Source };
        return ChangeAsync(key, request, static (entry, removal) => entry.RemoveAsync(removal, CancellationToken.None), RemoveDoubt, 0, ct);
    }

    public async ValueTask<ReadReply> RefreshAsync(CacheKey key, CallerToken? caller = null, CancellationToken ct = default)
    {
        var arguments = await DeclaredArgumentsAsync(key, ct).ConfigureAwait(false);
        var request = new ReadRequest
        {
            Load = arguments is null ? LoadMode.None : LoadMode.Declared,
            Arguments = arguments ?? default,
            WaitMilliseconds = calls.SliceMilliseconds,
            Holder = ids.Process,
            OperationId = ids.Next(),
            Caller = caller,
        };
        var answer = await calls.ReadAsync(key, request, new() { Refresh = true }).AsTask().WaitAsync(ct).ConfigureAwait(false);
        flights.Detach(key.GrainKey);
        return answer.Reply;
    }

    public ValueTask<EntryExplanation> ExplainAsync(CacheKey key, CancellationToken ct = default) =>
        new(calls.CallAsync<IEntryGrain, EntryExplanation>(key.GrainKey, static entry => entry.ExplainAsync(CancellationToken.None), ct: ct).AsTask().WaitAsync(ct));

    public ValueTask<ValueDifference> DifferenceAsync(CacheKey key, CancellationToken ct = default) =>
        new(calls.CallAsync<IEntryGrain, ValueDifference>(key.GrainKey, static entry => entry.DifferenceAsync(), ct: ct).AsTask().WaitAsync(ct));

    public ValueTask<RateLimiterDescription> DescribeLimiterAsync(string integration, CancellationToken ct = default) =>
        new(calls.CallAsync<IRateLimiterGrain, RateLimiterDescription>(integration, static limiter => limiter.DescribeAsync(CancellationToken.None), ct: ct).AsTask().WaitAsync(ct));

    public async ValueTask RemoveByTagAsync(IEnumerable<string> tags, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(tags);
        ImmutableArray<string> raised = [.. tags.Select(EntryOptionRules.CheckedTag).Distinct(StringComparer.Ordinal)];
        if (raised.IsEmpty)
            return;
        try
        {
            await calls.CallAsync<ITagGrain, long>("0", grain => grain.RaiseAsync(raised, CancellationToken.None), ct: ct).AsTask().WaitAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            flights.DetachAll();
        }
    }

    public async ValueTask RemoveByTagAsync(IEnumerable<string> tags, Debounce debounce, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(tags);
        string[] raised = [.. tags.Select(EntryOptionRules.CheckedTag).Distinct(StringComparer.Ordinal)];
        try
        {
            await Task.WhenAll(raised.Select(RaiseAsync)).WaitAsync(ct).ConfigureAwait(false);
        }
        finally
        {
            flights.DetachAll();
        }

        async Task RaiseAsync(string tag)
        {
            var request = new DebounceRequest
            {
                OperationId = ids.Next(),
                QuietMilliseconds = (int)Math.Ceiling(debounce.Quiet.TotalMilliseconds),
                LongestMilliseconds = (int)Math.Ceiling(debounce.AtMost.TotalMilliseconds),
                WaitMilliseconds = calls.SliceMilliseconds,
            };
            await calls.CallAsync<IDebounceGrain, DebounceRequest, DebounceReply>(tag, request, static (grain, request) => grain.RaiseAsync(request), static reply => reply.IsRaised, ct: ct).ConfigureAwait(false);
        }
    }

    private ValueTask<Landing<Nothing>> CallAsync(CallTarget target, CallerToken? caller, Flight? flight) =>
        ReadAsync(target.Key, flight, new() { Load = LoadMode.Declared, Arguments = target.Arguments, Caller = caller, Session = target.Session });

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<Landing<Nothing>> ReadAsync(CacheKey key, Flight? flight, ReadRequest request)
    {
        request = request with
        {
            WaitMilliseconds = calls.SliceMilliseconds,
            Holder = ids.Process,
            OperationId = ids.Next(),
            LoadChain = LoadScope.Current?.Chain ?? default,
        };
        var answer = await calls.ReadAsync(key, request, new() { Flight = flight }).ConfigureAwait(false);
        flights.Seen(key.GrainKey, answer.Reply);
        return answer.GaveUp ? Landing<Nothing>.Nowhere : Landing<Nothing>.Of(answer, default);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<WriteReply> ChangeAsync<TRequest>(CacheKey key, TRequest request, Func<IEntryGrain, TRequest, ValueTask<WriteReply>> change, Doubt<TRequest, WriteReply> doubt, int size, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        try
        {
            var call = calls.CallAsync(key.GrainKey, request, change, static r => r.Status is not (WriteStatus.AskAgain or WriteStatus.NotOwner), static r => r.Status == WriteStatus.Unavailable, doubt: doubt, ct: ct);
            var reply = ct.CanBeCanceled ? await call.AsTask().WaitAsync(ct).ConfigureAwait(false) : await call.ConfigureAwait(false);
            return reply.Status switch
            {
                WriteStatus.Doubtful => throw new CacheUnavailableException(
                    $"The change may or may not have happened: an earlier try has no answer, and {reply.Detail}."),
                WriteStatus.Unavailable when reply.RetryAfterMilliseconds == 0 => throw new CacheUnavailableException(
                    $"The key's owner cannot store the change now ({reply.Detail ?? "no proof or no store"}), and an earlier try has no answer: it may or may not have happened."),
                WriteStatus.Unavailable => throw new CacheUnavailableException(
                    $"The key's owner cannot store the change now ({reply.Detail ?? "no proof or no store"}); nothing was changed.",
                    TimeSpan.FromMilliseconds(Math.Max(reply.RetryAfterMilliseconds, 1))),
                WriteStatus.TooLarge => throw new ArgumentException(ValueCodecs.TooLarge($"The value for region '{key.Region}'", size)),
                _ => reply,
            };
        }
        finally
        {
            // Also when its end is not known: it may have happened.
            flights.Detach(key.GrainKey);
        }
    }

    private static WriteReply Doubtful(WriteReply reply) => reply with { RetryAfterMilliseconds = 0 };

    /// <summary>The arguments of an integration's key; null for any other key.</summary>
    private async ValueTask<ImmutableArray<CallArgument>?> DeclaredArgumentsAsync(CacheKey key, CancellationToken ct)
    {
        var parts = key.Region.Split(':');
        if (parts.Length != 4 || await catalog.DescribeAsync(Uri.UnescapeDataString(parts[2]), ct).ConfigureAwait(false) is not { } integration)
            return null;
        return integration.Methods.Any(m => m.Region == key.Region) ? ArgumentKey.Parse(key.Key) : null;
    }
}
