using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using OrleansCache.TestSupport;

namespace OrleansCache.Tests;

/// <summary>One key's owner on a scheduler that runs one thing at a time, with everything around it in the test's hand.</summary>
internal sealed class EntryHarness : IEntryHost
{
    public const string Key = "plain:a";
    private readonly TaskScheduler _turns = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
    private readonly EntryServices _services;
    private Entry? _entry;

    public EntryHarness(RegionPolicy? policy = null, EntryMemoryOptions? memory = null)
    {
        Policies = new(policy ?? Strict);
        Clock = new(Time);
        Memory = new(Options.Create(memory ?? new()));
        var meters = new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>();
        _services = new(Store, Ownership, Clock, Tags, Policies, Origin, Policies, Memory, new(meters, Memory), Time, NullLogger<EntryServices>.Instance, Line)
        {
            Random = new FixedRandom(),
        };
    }

    public static RegionPolicy Strict { get; } = new() { Region = "plain" };

    /// <summary>A region of an integration as it is when nothing else is said: eventual, behind.</summary>
    public static RegionPolicy Declared { get; } = new()
    {
        Region = "plain",
        Coherence = Coherence.Eventual,
        Durability = Durability.Behind,
        Strategy = Strategy.Background,
        FreshFor = TimeSpan.FromSeconds(30),
        StaleFor = TimeSpan.FromHours(1),
        Integration = "partner",
        Method = "country",
    };

    public static RegionPolicy Ttl { get; } = Declared with { Strategy = Strategy.Ttl };

    /// <summary>Behind, of values that are put by callers.</summary>
    public static RegionPolicy Behind { get; } = Declared with { Integration = null, Method = null };

    /// <summary>Behind, of values that are put by callers and do not end.</summary>
    public static RegionPolicy LastingBehind { get; } = Declared with { Integration = null, FreshFor = null, StaleFor = default };

    public ManualTimeProvider Time { get; } = new();
    public ManualClusterClock Clock { get; }
    public FakeEntryStore Store { get; } = new();
    public ManualOwnership Ownership { get; } = new();
    public FakeTagLog Tags { get; } = new();
    public FakePolicies Policies { get; }
    public FakeOrigin Origin { get; } = new();
    public FakeLimiter Limiter { get; } = new();
    public FakeEagerPlan Line { get; } = new();
    public EntryMemory Memory { get; }
    public VersionMemos Versions => _services.Versions;
    public int Leaves { get; private set; }
    public TimeSpan Stays { get; private set; }
    public EntryRecord? Stored => Store[Key];

    IRateLimiterGrain IEntryHost.Limiter(string integration) => Limiter;

    void IEntryHost.Stay(TimeSpan time) => Stays = time;

    void IEntryHost.Leave() => Leaves++;

    public Task<T> Turn<T>(Func<Entry, ValueTask<T>> turn) =>
        Task.Factory.StartNew(() => turn(_entry ??= new(this, _services, Key)).AsTask(), CancellationToken.None, TaskCreationOptions.None, _turns).Unwrap();

    /// <summary>Memory is gone; the store stays. A restart takes a while.</summary>
    public void Crash()
    {
        Time.Advance(TimeSpan.FromMilliseconds(1));
        _entry = null;
        Ownership.Epoch++;
    }

    public async Task Deactivate()
    {
        await Turn(async e =>
        {
            await e.DeactivateAsync(CancellationToken.None);
            return 0;
        });
        _entry = null;
    }

    public Task<ReadReply> Get() => Turn(e => e.ReadAsync(default, CancellationToken.None));

    public Task<ReadReply> Read(LoadMode load, int wait = 2_000, Guid operation = default, ulong chain = 0, string? limiter = null, CancellationToken cancellationToken = default) =>
        Turn(e => e.ReadAsync(
            new()
            {
                Load = load,
                WaitMilliseconds = wait,
                OperationId = operation == default ? Guid.NewGuid() : operation,
                Arguments = load == LoadMode.Declared ? [new("code", "NL")] : default,
                LoadChain = chain == 0 ? default : [chain],
                Limiter = limiter,
            },
            cancellationToken));

    public Task<ReadReply> Call(int wait = 2_000, CancellationToken cancellationToken = default) => Read(LoadMode.Declared, wait, cancellationToken: cancellationToken);

    public Task<ReadReply> Lease(string? limiter = null, Guid operation = default) => Read(LoadMode.Leased, operation: operation, limiter: limiter);

    /// <summary>A caller who goes by the origin's version, and whose session has seen a value.</summary>
    public Task<ReadReply> LeaseOf(string? version, long seen = 0, int wait = 2_000, string? limiter = null, bool isRemembered = false) => Turn(e => e.ReadAsync(
        new()
        {
            Load = LoadMode.Leased,
            WaitMilliseconds = wait,
            OperationId = Guid.NewGuid(),
            Limiter = limiter,
            Strategy = version is null ? null : Strategy.Versioned,
            OriginVersion = version,
            Seen = seen,
            IsRemembered = isRemembered,
        },
        CancellationToken.None));

    public Task<LoadReply> Complete(LoadTicket ticket, string value, EntryLifetime? lifetime = null) => Turn(e => e.CompleteAsync(
        new()
        {
            Ticket = ticket,
            Kind = LoadResultKind.Value,
            Bytes = Encoding.UTF8.GetBytes(value),
            ContentType = "application/json",
            Lifetime = lifetime,
            OperationId = Guid.NewGuid(),
        },
        CancellationToken.None));

    public Task<LoadReply> Fail(LoadTicket ticket, LoadProblem? problem) => Turn(e => e.CompleteAsync(
        new() { Ticket = ticket, Kind = LoadResultKind.Failed, Problem = problem, OperationId = Guid.NewGuid() }, CancellationToken.None));

    public Task<bool> Renew(LoadTicket ticket) => Turn(e => e.RenewAsync(ticket));

    public Task<WriteReply> Put(string value, EntryLifetime? lifetime = null, ConditionKind when = default, long version = 0, Guid operation = default, bool isRepeated = false, string? source = null) =>
        Turn(e => e.WriteAsync(
            new()
            {
                OperationId = operation == default ? Guid.NewGuid() : operation,
                Bytes = Encoding.UTF8.GetBytes(value),
                ContentType = "application/json",
                Lifetime = lifetime,
                Condition = when,
                Version = version,
                IsRepeated = isRepeated,
                Source = source,
            },
            CancellationToken.None));

    public Task<WriteReply> Remove(Guid operation = default, ConditionKind when = default, long version = 0, bool isRepeated = false, string? source = null) => Turn(e => e.RemoveAsync(
        new() { OperationId = operation == default ? Guid.NewGuid() : operation, Condition = when, Version = version, IsRepeated = isRepeated, Source = source },
        CancellationToken.None));

    /// <summary>Ends when what was begun before has gone as far as it can.</summary>
    public Task Begun() => Turn(static _ => new ValueTask<bool>(true));

    public Task<EntryExplanation> Explain() => Turn(e => e.ExplainAsync(CancellationToken.None));

    /// <summary>Lets what is behind reach the store.</summary>
    public async Task Flush()
    {
        await Eventually.TrueAsync(() => Time.ActiveTimers > 0);
        Time.Advance(EntryLimits.FlushDelay);
    }

    public Task<OriginWriteReply> BeginWrite(Guid operation = default, params string[] invalidates) =>
        Turn(e => e.BeginWriteAsync(new(operation == default ? Guid.NewGuid() : operation) { Invalidates = [.. invalidates] }));

    public Task<OriginWriteReply> HoldWrite(LoadTicket ticket) => Turn(e => e.HoldWriteAsync(ticket));

    public Task<OriginWriteReply> EndWrite(LoadTicket ticket, string? value, OriginWriteEnd end = OriginWriteEnd.Written, Guid operation = default) => Turn(e => e.EndWriteAsync(new()
    {
        Ticket = ticket,
        End = end,
        Value = new() { OperationId = operation == default ? Guid.NewGuid() : operation, Bytes = Encoding.UTF8.GetBytes(value ?? ""), ContentType = "application/json" },
    }));

    public Task<EagerReply> Turn() => Turn(e => e.RefreshEagerlyAsync());

    public static string? Text(EntryValue? value) => value is null ? null : Encoding.UTF8.GetString(value.Bytes);

    private sealed class FixedRandom : Random
    {
        public override double NextDouble() => 0;
    }
}
