using System.Runtime.CompilerServices;

namespace OrleansCache;

/// <summary>A function or method that goes through the cache.</summary>
internal sealed class DecoratedCall
{
    private readonly IOrleansCache _cache;
    private readonly string _integration;
    private readonly string _method;
    private volatile Following _following = null!;

    /// <param name="cache">What it goes through.</param>
    /// <param name="integration">The integration's name.</param>
    /// <param name="method">The method's name.</param>
    /// <param name="strategy">What it follows.</param>
    /// <param name="known">What tags may name.</param>
    /// <exception cref="ArgumentException">The strategy cannot hold, or a name is none.</exception>
    public DecoratedCall(IOrleansCache cache, string integration, string method, CacheStrategy strategy, IReadOnlyCollection<string> known)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(integration);
        ArgumentException.ThrowIfNullOrWhiteSpace(method);
        (_cache, _integration, _method) = (cache, integration, method);
        Follow(strategy, known);
    }

    /// <summary>Calls from here on follow another strategy.</summary>
    public void Follow(CacheStrategy strategy, IReadOnlyCollection<string> known) => _following = new(strategy, Templates(strategy, known));

    /// <exception cref="ArgumentException">The strategy cannot hold.</exception>
    public static CallTemplate[] Templates(CacheStrategy strategy, IReadOnlyCollection<string> known)
    {
        StrategyRules.Check(strategy);
        return [.. strategy.Tags.Select(tag => TagOf(tag, known))];
    }

    /// <summary>A tag with arguments in braces.</summary>
    /// <exception cref="ArgumentException">Its braces are no arguments, or there is no such argument.</exception>
    public static CallTemplate TagOf(string tag, IReadOnlyCollection<string> known)
    {
        var template = CallTemplate.ParseText(tag) ?? throw new ArgumentException($"The tag '{tag}' has braces that are no argument; write '{{name}}', such as 'patient:{{id}}'.");
        foreach (var parameter in template.Parameters)
        {
            if (!known.Contains(parameter.Name))
                throw new ArgumentException($"The tag '{tag}' names '{parameter.Name}', and the call has no such argument; {DidYouMean.Hint(parameter.Name, known)}.");
        }

        return template;
    }

    /// <summary>Answers from the cache, or by the call.</summary>
    /// <param name="arguments">What the key is made of, and what tags may name besides.</param>
    /// <param name="key">The key that the caller made; null makes one of the arguments.</param>
    /// <param name="state">For <paramref name="call"/>.</param>
    /// <param name="call">Makes the result.</param>
    /// <param name="ct">Ends this caller's wait.</param>
    /// <param name="version">The interface's own version of the call; null without one.</param>
    public ValueTask<T> CallAsync<TState, T>(
        in CallArguments arguments, string? key, TState state, Func<TState, CancellationToken, ValueTask<T>> call, CancellationToken ct, Func<CancellationToken, ValueTask<string?>>? version = null)
    {
        var following = _following;
        var strategy = following.IsSame ? following.Strategy
            : following.Strategy.For(following.HasArguments ? arguments.Fill(following.Tags) : following.Strategy.Tags, new(arguments.Bound, version));
        return ResultAsync(_cache.GetOrCreateAsync(KeyOf(arguments, key), state, call, strategy, ct));
    }

    /// <summary>Removes the value of these arguments.</summary>
    public async ValueTask RemoveAsync(CallArguments arguments, string? key, CancellationToken ct) =>
        await _cache.RemoveAsync(KeyOf(arguments, key), ct).ConfigureAwait(false);

    private CacheKey KeyOf(in CallArguments arguments, string? key) =>
        key is null ? _cache.KeyOf(_integration, _method, arguments.Bound) : _cache.KeyOf(_integration, _method, key);

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<T> ResultAsync<T>(ValueTask<CacheResult<T>> reading)
    {
        var result = await reading.ConfigureAwait(false);
        return result.Outcome is not Outcome.Refused ? result.Value! : throw new IntegrationException(new()
        {
            Kind = ProblemKind.Limited,
            Detail = "limited",
            RetryAfterMilliseconds = (long)(result.RetryAfter ?? default).TotalMilliseconds,
            Message = $"'{_integration}/{_method}' may not be called now, and no value of it is cached: the limiter of its strategy gives no permit in time, RetryAfter says when one can be had.",
        });
    }

    private sealed record Following(CacheStrategy Strategy, CallTemplate[] Tags)
    {
        public bool HasArguments { get; } = Tags.Any(static tag => tag.Parameters.Length > 0);

        /// <summary>True when it is the same for all calls.</summary>
        public bool IsSame => !HasArguments && Strategy.Strategy is not OrleansCache.Strategy.Versioned;
    }
}
