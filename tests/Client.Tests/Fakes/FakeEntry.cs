using System.Collections.Concurrent;

namespace OrleansCache.Fakes;

/// <summary>An entry that keeps a value and hands out one lease; each answer can be scripted instead.</summary>
internal sealed class FakeEntry : IEntryGrain
{
    private readonly Lock _lock = new();
    private long _version;
    private long _tickets;
    private long _retrieved;
    private readonly Dictionary<long, string?> _leased = [];

    public ConcurrentQueue<ReadRequest> Reads { get; } = [];
    public ConcurrentQueue<LoadCompletion> Completions { get; } = [];
    public ConcurrentQueue<WriteRequest> Writes { get; } = [];
    public ConcurrentQueue<RemoveRequest> Removals { get; } = [];
    public ConcurrentQueue<LoadTicket> Renewals { get; } = [];
    public ConcurrentQueue<ReadRequest> Refreshes { get; } = [];
    public ConcurrentQueue<EndWriteRequest> Ends { get; } = [];

    public Func<ReadRequest, ValueTask<ReadReply>>? OnRead { get; set; }
    public Func<LoadCompletion, ValueTask<LoadReply>>? OnComplete { get; set; }
    public Func<LoadTicket, ValueTask<bool>>? OnRenew { get; set; }
    public Func<WriteRequest, ValueTask<WriteReply>>? OnWrite { get; set; }
    public Func<BeginWriteRequest, ValueTask<OriginWriteReply>>? OnBeginWrite { get; set; }

    public Func<RemoveRequest, ValueTask<WriteReply>>? OnRemove { get; set; }

    public Func<EntryExplanation>? OnExplain { get; set; }

    public EntryValue? Value { get; set; }

    /// <summary>The origin's version of the value.</summary>
    public string? OriginVersion { get; set; }

    public LoadTicket Ticket(int leaseMilliseconds = 3_000, int permitMilliseconds = 0) =>
        new() { Number = Interlocked.Increment(ref _tickets), LeaseMilliseconds = leaseMilliseconds, PermitMilliseconds = permitMilliseconds };

    public ReadReply Lease(int leaseMilliseconds = 3_000, int permitMilliseconds = 0) =>
        new() { Status = ReadStatus.Lease, Ticket = Ticket(leaseMilliseconds, permitMilliseconds) };

    public static ReadReply Hit(string json, long version = 1) =>
        new() { Status = ReadStatus.Hit, Value = Json(json, version), FreshMilliseconds = 1000, StaleMilliseconds = 1000 };

    public static EntryValue Json(string json, long version = 1) =>
        new() { Bytes = System.Text.Encoding.UTF8.GetBytes(json), ContentType = "application/json", Version = version, LastRetrieved = 1_000_000, LastModified = 2_000_000 };

    public ReadReply Usual(ReadRequest request)
    {
        lock (_lock)
        {
            if (Value is { } value && !request.Wanted.IsOther(OriginVersion, value.LastRetrieved))
                return new() { Status = ReadStatus.Hit, Value = value, FreshMilliseconds = ReadReply.NoLifetime, StaleMilliseconds = ReadReply.NoLifetime };
            if (request.Load is not (LoadMode.Leased or LoadMode.Batched))
                return default;
            if (request.IsRemembered)
                return new() { Status = ReadStatus.AskVersion };
            var lease = Lease();
            _leased[lease.Ticket!.Number] = request.OriginVersion;
            return lease;
        }
    }

    public ValueTask<ReadReply> ReadAsync(ReadRequest request)
    {
        Reads.Enqueue(request);
        return OnRead?.Invoke(request) ?? new(Usual(request));
    }

    public ValueTask<OriginWriteReply> BeginWriteAsync(BeginWriteRequest request) => OnBeginWrite?.Invoke(request) ?? new(Turn(request));

    public static OriginWriteReply Turn(BeginWriteRequest request) =>
        new() { Status = OriginWriteStatus.Granted, Ticket = new() { Activation = request.OperationId, Number = LoadTicket.OfWriter, LeaseMilliseconds = 2_000 } };

    public ValueTask<OriginWriteReply> HoldWriteAsync(LoadTicket ticket) => throw new NotSupportedException();

    public Func<EndWriteRequest, ValueTask<OriginWriteReply>>? OnEndWrite { get; set; }

    public ValueTask<OriginWriteReply> EndWriteAsync(EndWriteRequest request)
    {
        Ends.Enqueue(request);
        if (OnEndWrite is { } scripted)
            return scripted(request);
        return new(new OriginWriteReply { Status = OriginWriteStatus.Ended, Version = request.End == OriginWriteEnd.Written ? ++_version : 0 });
    }

    public ValueTask<ValueDifference> DifferenceAsync() => throw new NotSupportedException();

    public Func<WatchRequest, ValueTask<WatchReply>>? OnWatch { get; set; }

    public ConcurrentQueue<WatchRequest> Watches { get; } = [];

    public ValueTask<WatchReply> WatchAsync(WatchRequest request)
    {
        Watches.Enqueue(request);
        return OnWatch?.Invoke(request) ?? throw new NotSupportedException();
    }

    public ValueTask<EagerReply> RefreshEagerlyAsync() => throw new NotSupportedException();

    public ValueTask<ReadReply> RefreshAsync(ReadRequest request)
    {
        Refreshes.Enqueue(request);
        return new(Usual(request));
    }

    public ValueTask<LoadReply> CompleteLoadAsync(LoadCompletion completion, CancellationToken cancellationToken = default)
    {
        Completions.Enqueue(completion);
        return OnComplete?.Invoke(completion) ?? new(Complete(completion));
    }

    public LoadReply Complete(LoadCompletion completion)
    {
        lock (_lock)
        {
            if (completion.Kind is not (LoadResultKind.Value or LoadResultKind.Absent))
                return new() { IsCurrent = true };
            OriginVersion = _leased.GetValueOrDefault(completion.Ticket!.Number);
            Value = new()
            {
                Bytes = completion.Bytes ?? [],
                ContentType = completion.ContentType,
                IsAbsent = completion.Kind is LoadResultKind.Absent,
                Version = ++_version,
                LastRetrieved = _retrieved += 1_000_000,
                LastModified = 2_000_000,
            };
            return new() { Stored = true, IsCurrent = true, Value = Value with { Bytes = [] }, FreshMilliseconds = 1000 };
        }
    }

    public ValueTask<bool> RenewLoadAsync(LoadTicket ticket, CancellationToken cancellationToken = default)
    {
        Renewals.Enqueue(ticket);
        return OnRenew?.Invoke(ticket) ?? new(true);
    }

    public ValueTask<WriteReply> WriteAsync(WriteRequest request, CancellationToken cancellationToken = default)
    {
        Writes.Enqueue(request);
        return OnWrite?.Invoke(request) ?? new(Written(request));
    }

    public WriteReply Written(WriteRequest request)
    {
        lock (_lock)
        {
            var existed = Value is not null;
            if (request.Condition is ConditionKind.IfAbsent && existed || request.Condition is ConditionKind.IfVersion && Value?.Version != request.Version)
                return new() { Status = WriteStatus.ConditionFailed, Version = Value?.Version ?? 0 };
            Value = new() { Bytes = request.Bytes, ContentType = request.ContentType, Version = ++_version };
            return new() { Status = WriteStatus.Accepted, Version = _version, Existed = existed };
        }
    }

    public ValueTask<WriteReply> RemoveAsync(RemoveRequest request, CancellationToken cancellationToken = default)
    {
        Removals.Enqueue(request);
        if (OnRemove is { } scripted)
            return scripted(request);
        lock (_lock)
        {
            var existed = Value is not null;
            if (request.Condition is ConditionKind.IfVersion && Value?.Version != request.Version)
                return new(new WriteReply { Status = WriteStatus.ConditionFailed });
            Value = null;
            return new(new WriteReply { Status = WriteStatus.Accepted, Version = ++_version, Existed = existed });
        }
    }

    public ValueTask<EntryExplanation> ExplainAsync(CancellationToken cancellationToken = default) =>
        new(OnExplain?.Invoke() ?? (Value is null ? new EntryExplanation() : new() { State = "fresh", Version = Value.Version, OriginVersion = OriginVersion, LastRetrieved = Value.LastRetrieved, FreshUntil = ReadReply.NoLifetime, Reason = "hit", Owner = "me", View = 3 }));
}
