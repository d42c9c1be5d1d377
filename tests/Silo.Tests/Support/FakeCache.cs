using System.Collections.Concurrent;

namespace OrleansCache.Silo.Tests;

/// <summary>A cache that answers as it is told and remembers what it was asked.</summary>
internal sealed class FakeCache : IRawCache, IOrleansCache, IIntegrationWrites, IExchangePolicies
{
    public Func<CacheKey, ValueTask<ReadReply>> Get { get; set; } = _ => default;
    public Func<string, string, IReadOnlyDictionary<string, string?>, ValueTask<ReadReply>> Call { get; set; } = (_, _, _) => default;
    public Func<CacheKey, RawValue, EntryOptions?, WriteCondition, WriteReply> Set { get; set; } = (_, _, _, _) => new() { Status = WriteStatus.Accepted, Version = 1 };
    public Func<CacheKey, WriteCondition, WriteReply> Remove { get; set; } = (_, _) => new() { Status = WriteStatus.Accepted };
    public Func<CacheKey, ReadReply> Refresh { get; set; } = _ => default;
    public Func<string, string, IReadOnlyDictionary<string, string?>, WriterBody, IntegrationWrite> Write { get; set; } = (_, _, _, body) =>
        new(new() { End = OriginWriteEnd.Refused, Problem = new() { Kind = ProblemKind.BadCall, Detail = "method-not-allowed", Message = $"The method is {body.Verb}.", Allow = "GET, HEAD" } }, 0);

    public ConcurrentQueue<CacheKey> Keys { get; } = [];
    public ConcurrentQueue<string> Raised { get; } = [];

    /// <summary>Of the integration <c>partner</c>, whose entries live in the region <c>partner</c>.</summary>
    public ExchangePolicy? Exchange { get; set; }

    ExchangePolicy? IExchangePolicies.Of(string integration) => integration == "partner" ? Exchange : null;

    string? IExchangePolicies.IntegrationOf(string region) => region == "partner" ? region : null;

    public CacheKey KeyOf(string integration, string method, params ReadOnlySpan<(string Name, object? Value)> arguments) => CacheKey.For($"{integration}:{method}", arguments);

    public CacheKey KeyOf(string integration, string method, string key) => CacheKey.Of($"{integration}:{method}", key);

    /// <summary>Waited for before each answer.</summary>
    public Task Answers { get; set; } = Task.CompletedTask;

    /// <summary>Ends what was asked last.</summary>
    public CancellationToken End { get; private set; }

    private async ValueTask<T> AnswerAsync<T>(Func<ValueTask<T>> answer, CancellationToken ct)
    {
        End = ct;
        await Answers.WaitAsync(ct);
        return await answer();
    }

    public ValueTask<ReadReply> GetAsync(CacheKey key, CancellationToken ct = default)
    {
        Keys.Enqueue(key);
        return AnswerAsync(() => Get(key), ct);
    }

    /// <summary>Who called last.</summary>
    public CallerToken? Caller { get; private set; }

    public ValueTask<ReadReply> CallAsync(string integration, string method, IReadOnlyDictionary<string, string?> args, CallerToken? caller = null, CancellationToken ct = default)
    {
        Caller = caller;
        return AnswerAsync(() => Call(integration, method, args), ct);
    }

    public ValueTask<WriteReply> SetAsync(CacheKey key, RawValue value, EntryOptions? options = null, WriteCondition when = default, CancellationToken ct = default)
    {
        Keys.Enqueue(key);
        return AnswerAsync<WriteReply>(() => new(Set(key, value, options, when)), ct);
    }

    public ValueTask<WriteReply> RemoveAsync(CacheKey key, WriteCondition when = default, CancellationToken ct = default)
    {
        Keys.Enqueue(key);
        return AnswerAsync<WriteReply>(() => new(Remove(key, when)), ct);
    }

    public ValueTask<CacheExplanation> ExplainAsync(CacheKey key, CancellationToken ct = default) =>
        new(new CacheExplanation { Region = key.Region, Key = key.Key, State = "absent", Reason = "Nobody asked for it.", Owner = "silo-0", View = 1 });

    ValueTask<EntryExplanation> IRawCache.ExplainAsync(CacheKey key, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<ReadReply> IRawCache.RefreshAsync(CacheKey key, CallerToken? caller, CancellationToken ct) => AnswerAsync<ReadReply>(() => new(Refresh(key)), ct);

    public ValueTask<RateLimiterDescription> DescribeLimiterAsync(string integration, CancellationToken ct = default) => throw new NotSupportedException();

    public ValueTask<CallTarget> TargetAsync(string integration, string method, IReadOnlyDictionary<string, string?> args, CancellationToken ct = default) => throw new NotSupportedException();

    public ConcurrentQueue<(string Tag, Debounce Debounce)> Debounced { get; } = [];

    public ValueTask RemoveByTagAsync(IEnumerable<string> tags, Debounce debounce, CancellationToken ct = default)
    {
        foreach (var tag in tags)
            Debounced.Enqueue((tag, debounce));
        return default;
    }

    public ValueTask RemoveByTagAsync(IEnumerable<string> tags, TimeSpan debounce, TimeSpan? atMost = null, CancellationToken ct = default) => throw new NotSupportedException();

    public ValueTask<CacheExplanation> ExplainAsync(CacheKey key, bool difference, CancellationToken ct = default) => AnswerAsync<CacheExplanation>(
        () => new(new CacheExplanation { Region = key.Region, Key = key.Key, State = "absent", OriginVersion = "v7", Reason = "Nobody asked for it.", Owner = "silo-0", View = 1, Difference = difference ? Difference : null }), ct);

    public CacheDifference? Difference { get; set; }

    ValueTask<ValueDifference> IRawCache.DifferenceAsync(CacheKey key, CancellationToken ct) => throw new NotSupportedException();

    public async ValueTask RemoveByTagAsync(IEnumerable<string> tags, CancellationToken ct = default)
    {
        foreach (var tag in tags)
            Raised.Enqueue(tag);
        await AnswerAsync<int>(static () => default, ct);
    }

    public ValueTask<IntegrationWrite> RunAsync(string integration, string method, IReadOnlyDictionary<string, string?> args, WriterBody body, CancellationToken ct = default) =>
        AnswerAsync<IntegrationWrite>(() => new(Write(integration, method, args, body)), ct);

    ValueTask<WriteAnswer<T>> IOrleansCache.WriteAsync<TBody, T>(string integration, string method, IReadOnlyDictionary<string, string?> args, TBody body, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<CacheResult<T>> IOrleansCache.GetAsync<T>(CacheKey key, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<CacheResult<T>> IOrleansCache.GetOrCreateAsync<T>(CacheKey key, Func<CancellationToken, ValueTask<T>> factory, EntryOptions? options, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<CacheResult<T>> IOrleansCache.GetOrCreateAsync<TState, T>(CacheKey key, TState state, Func<TState, CancellationToken, ValueTask<T>> factory, EntryOptions? options, CancellationToken ct) => throw new NotSupportedException();

    public Func<string, string, IReadOnlyList<IReadOnlyDictionary<string, string?>>, KeyResult<ReadReply>[]> CallMany { get; set; } = (_, _, _) => [];

    public ValueTask<KeyResult<ReadReply>[]> CallManyAsync(string integration, string method, IReadOnlyList<IReadOnlyDictionary<string, string?>> args, CallerToken? caller = null, CancellationToken ct = default) 
    {
        Caller = caller;
        return AnswerAsync<KeyResult<ReadReply>[]>(() => new(CallMany(integration, method, args)), ct);
    }

    ValueTask<IReadOnlyList<KeyResult<CacheResult<T>>>> IOrleansCache.CallManyAsync<T>(string integration, string method, IReadOnlyList<IReadOnlyDictionary<string, string?>> args, CancellationToken ct) => throw new NotSupportedException();

    public Func<string, long?, CancellationToken, IAsyncEnumerable<CacheChange>> Watch { get; set; } = static (_, _, _) => throw new NotSupportedException();

    public IAsyncEnumerable<CacheChange> WatchAsync(CacheKey key, long? known = null, CancellationToken ct = default) => Watch(key.Key, known, ct);

    public IAsyncEnumerable<CacheChange> WatchTagAsync(string tag, long? known = null, CancellationToken ct = default) => Watch($"#{tag}", known, ct);

    ValueTask<IReadOnlyList<KeyResult<CacheResult<T>>>> IOrleansCache.GetManyAsync<T>(IEnumerable<CacheKey> keys, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<IReadOnlyList<KeyResult<CacheResult<T>>>> IOrleansCache.GetOrCreateManyAsync<T>(
        IEnumerable<CacheKey> keys, Func<IReadOnlyList<CacheKey>, CancellationToken, ValueTask<IReadOnlyDictionary<CacheKey, T>>> factory, EntryOptions? options, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<IReadOnlyList<KeyResult<WriteResult>>> IOrleansCache.SetManyAsync<T>(IReadOnlyDictionary<CacheKey, T> values, EntryOptions? options, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<CacheResult<T>> IOrleansCache.CallAsync<T>(string integration, string method, IReadOnlyDictionary<string, string?> args, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<WriteResult> IOrleansCache.SetAsync<T>(CacheKey key, T value, EntryOptions? options, WriteCondition when, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<WriteResult> IOrleansCache.WriteThroughAsync<T>(CacheKey key, Func<CancellationToken, ValueTask<T>> write, EntryOptions? options, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<bool> IOrleansCache.RemoveAsync(CacheKey key, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<WriteResult> IOrleansCache.RemoveAsync(CacheKey key, WriteCondition when, CancellationToken ct) => throw new NotSupportedException();

    ValueTask<bool> IOrleansCache.RefreshAsync(CacheKey key, CancellationToken ct) => throw new NotSupportedException();
}
