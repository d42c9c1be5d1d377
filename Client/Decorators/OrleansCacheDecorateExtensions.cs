using System.Runtime.CompilerServices;

namespace OrleansCache;

/// <summary>Functions that go through the cache.</summary>
public static class OrleansCacheDecorateExtensions
{
    extension(IOrleansCache cache)
    {
        /// <inheritdoc cref="extension(IOrleansCache).Decorate{T1, TResult}(string, string, Func{T1, CancellationToken, ValueTask{TResult}}, CacheStrategy?, Func{T1, string}?)"/>
        public Func<CancellationToken, ValueTask<TResult>> Decorate<TResult>(string integration, string method, Func<CancellationToken, ValueTask<TResult>> call, CacheStrategy? strategy = null)
        {
            var made = cache.Made(integration, method, call, 0, strategy, out var names);
            return ct => made.CallAsync(new([]), null, call, static (call, ct) => call(ct), ct);
        }

        /// <inheritdoc cref="extension(IOrleansCache).Decorate{T1, TResult}(string, string, Func{T1, CancellationToken, ValueTask{TResult}}, CacheStrategy?, Func{T1, string}?)"/>
        [OverloadResolutionPriority(1)]
        public Func<CancellationToken, Task<TResult>> Decorate<TResult>(string integration, string method, Func<CancellationToken, Task<TResult>> call, CacheStrategy? strategy = null)
        {
            var made = cache.Made(integration, method, call, 0, strategy, out var names);
            return ct => made.CallAsync(new([]), null, call, static (call, ct) => new ValueTask<TResult>(call(ct)), ct).AsTask();
        }

        /// <summary>Makes a function of the same shape that answers from the cache, and calls the given one once for all who ask meanwhile.</summary>
        /// <param name="integration">The integration's name.</param>
        /// <param name="method">The integration's method: with this service and its version they are the region.</param>
        /// <param name="call">The call. Its token ends with the process, not with the first caller's patience. The names of its parameters are those of the arguments.</param>
        /// <param name="strategy">What it follows; null for the region's own lifetimes. Its tags may name arguments: <c>page:{id}</c>.</param>
        /// <param name="key">Makes the key of the arguments; null takes them all by name.</param>
        /// <returns>Its token ends the caller's wait. It throws what the call threw, and <see cref="IntegrationException"/> when the limiter refused and no value is there.</returns>
        /// <exception cref="ArgumentException">The strategy cannot hold. From the function: an argument is no text, number, bool, enum, date, time or Guid, and there is no key function.</exception>
        public Func<T1, CancellationToken, ValueTask<TResult>> Decorate<T1, TResult>(string integration, string method, Func<T1, CancellationToken, ValueTask<TResult>> call, CacheStrategy? strategy = null, Func<T1, string>? key = null)
        {
            var made = cache.Made(integration, method, call, 1, strategy, out var names);
            return (a1, ct) => made.CallAsync(new([(names[0], a1)]), key?.Invoke(a1), (call, a1), static (s, ct) => s.call(s.a1, ct), ct);
        }

        /// <inheritdoc cref="extension(IOrleansCache).Decorate{T1, TResult}(string, string, Func{T1, CancellationToken, ValueTask{TResult}}, CacheStrategy?, Func{T1, string}?)"/>
        [OverloadResolutionPriority(1)]
        public Func<T1, CancellationToken, Task<TResult>> Decorate<T1, TResult>(string integration, string method, Func<T1, CancellationToken, Task<TResult>> call, CacheStrategy? strategy = null, Func<T1, string>? key = null)
        {
            var made = cache.Made(integration, method, call, 1, strategy, out var names);
            return (a1, ct) => made.CallAsync(new([(names[0], a1)]), key?.Invoke(a1), (call, a1), static (s, ct) => new ValueTask<TResult>(s.call(s.a1, ct)), ct).AsTask();
        }

        /// <inheritdoc cref="extension(IOrleansCache).Decorate{T1, TResult}(string, string, Func{T1, CancellationToken, ValueTask{TResult}}, CacheStrategy?, Func{T1, string}?)"/>
        public Func<T1, T2, CancellationToken, ValueTask<TResult>> Decorate<T1, T2, TResult>(string integration, string method, Func<T1, T2, CancellationToken, ValueTask<TResult>> call, CacheStrategy? strategy = null, Func<T1, T2, string>? key = null)
        {
            var made = cache.Made(integration, method, call, 2, strategy, out var names);
            return (a1, a2, ct) => made.CallAsync(new([(names[0], a1), (names[1], a2)]), key?.Invoke(a1, a2), (call, a1, a2), static (s, ct) => s.call(s.a1, s.a2, ct), ct);
        }

        /// <inheritdoc cref="extension(IOrleansCache).Decorate{T1, TResult}(string, string, Func{T1, CancellationToken, ValueTask{TResult}}, CacheStrategy?, Func{T1, string}?)"/>
        [OverloadResolutionPriority(1)]
        public Func<T1, T2, CancellationToken, Task<TResult>> Decorate<T1, T2, TResult>(string integration, string method, Func<T1, T2, CancellationToken, Task<TResult>> call, CacheStrategy? strategy = null, Func<T1, T2, string>? key = null)
        {
            var made = cache.Made(integration, method, call, 2, strategy, out var names);
            return (a1, a2, ct) => made.CallAsync(new([(names[0], a1), (names[1], a2)]), key?.Invoke(a1, a2), (call, a1, a2), static (s, ct) => new ValueTask<TResult>(s.call(s.a1, s.a2, ct)), ct).AsTask();
        }

        /// <inheritdoc cref="extension(IOrleansCache).Decorate{T1, TResult}(string, string, Func{T1, CancellationToken, ValueTask{TResult}}, CacheStrategy?, Func{T1, string}?)"/>
        public Func<T1, T2, T3, CancellationToken, ValueTask<TResult>> Decorate<T1, T2, T3, TResult>(string integration, string method, Func<T1, T2, T3, CancellationToken, ValueTask<TResult>> call, CacheStrategy? strategy = null, Func<T1, T2, T3, string>? key = null)
        {
            var made = cache.Made(integration, method, call, 3, strategy, out var names);
            return (a1, a2, a3, ct) => made.CallAsync(new([(names[0], a1), (names[1], a2), (names[2], a3)]), key?.Invoke(a1, a2, a3), (call, a1, a2, a3), static (s, ct) => s.call(s.a1, s.a2, s.a3, ct), ct);
        }

        /// <inheritdoc cref="extension(IOrleansCache).Decorate{T1, TResult}(string, string, Func{T1, CancellationToken, ValueTask{TResult}}, CacheStrategy?, Func{T1, string}?)"/>
        [OverloadResolutionPriority(1)]
        public Func<T1, T2, T3, CancellationToken, Task<TResult>> Decorate<T1, T2, T3, TResult>(string integration, string method, Func<T1, T2, T3, CancellationToken, Task<TResult>> call, CacheStrategy? strategy = null, Func<T1, T2, T3, string>? key = null)
        {
            var made = cache.Made(integration, method, call, 3, strategy, out var names);
            return (a1, a2, a3, ct) => made.CallAsync(new([(names[0], a1), (names[1], a2), (names[2], a3)]), key?.Invoke(a1, a2, a3), (call, a1, a2, a3), static (s, ct) => new ValueTask<TResult>(s.call(s.a1, s.a2, s.a3, ct)), ct).AsTask();
        }

        /// <inheritdoc cref="extension(IOrleansCache).Decorate{T1, TResult}(string, string, Func{T1, CancellationToken, ValueTask{TResult}}, CacheStrategy?, Func{T1, string}?)"/>
        public Func<T1, T2, T3, T4, CancellationToken, ValueTask<TResult>> Decorate<T1, T2, T3, T4, TResult>(string integration, string method, Func<T1, T2, T3, T4, CancellationToken, ValueTask<TResult>> call, CacheStrategy? strategy = null, Func<T1, T2, T3, T4, string>? key = null)
        {
            var made = cache.Made(integration, method, call, 4, strategy, out var names);
            return (a1, a2, a3, a4, ct) => made.CallAsync(new([(names[0], a1), (names[1], a2), (names[2], a3), (names[3], a4)]), key?.Invoke(a1, a2, a3, a4), (call, a1, a2, a3, a4), static (s, ct) => s.call(s.a1, s.a2, s.a3, s.a4, ct), ct);
        }

        /// <inheritdoc cref="extension(IOrleansCache).Decorate{T1, TResult}(string, string, Func{T1, CancellationToken, ValueTask{TResult}}, CacheStrategy?, Func{T1, string}?)"/>
        [OverloadResolutionPriority(1)]
        public Func<T1, T2, T3, T4, CancellationToken, Task<TResult>> Decorate<T1, T2, T3, T4, TResult>(string integration, string method, Func<T1, T2, T3, T4, CancellationToken, Task<TResult>> call, CacheStrategy? strategy = null, Func<T1, T2, T3, T4, string>? key = null)
        {
            var made = cache.Made(integration, method, call, 4, strategy, out var names);
            return (a1, a2, a3, a4, ct) => made.CallAsync(new([(names[0], a1), (names[1], a2), (names[2], a3), (names[3], a4)]), key?.Invoke(a1, a2, a3, a4), (call, a1, a2, a3, a4), static (s, ct) => new ValueTask<TResult>(s.call(s.a1, s.a2, s.a3, s.a4, ct)), ct).AsTask();
        }

        private DecoratedCall Made(string integration, string method, Delegate call, int count, CacheStrategy? strategy, out string[] names)
        {
            ArgumentNullException.ThrowIfNull(call);
            // Before the token; a closed delegate may have one more at the front.
            var parameters = call.Method.GetParameters();
            var first = parameters.Length - 1 - count;
            names = [.. Enumerable.Range(0, count).Select(i => first + i >= 0 && parameters[first + i].Name is { Length: > 0 } name ? name : $"arg{i}")];
            return new(cache, integration, method, strategy ?? new(), names);
        }
    }
}
