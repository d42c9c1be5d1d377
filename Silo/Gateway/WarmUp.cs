using System.Runtime;

namespace OrleansCache;

/// <summary>Before the silo says that it is ready, it sends itself calls of a key until the compiler has made the path of a call fast.</summary>
/// <remarks>
/// They take the whole way of a caller who waits for a load that another began: sockets, gateway, catalog, flight, answer. That load is
/// made here and asks no grain. Before them <see cref="WarmUpLoads"/> takes the way of who loads.
/// </remarks>
internal sealed class WarmUp(
    SiloSettings settings, FlightTable flights, Catalog catalog, WarmUpLoads loads, TimeProvider clock, ILogger<WarmUp> logger) : IHostedLifecycleService
{
    private const int Callers = 64;

    /// <summary>The first rounds make code run often enough to be compiled anew; that takes until the later ones.</summary>
    private const int MinRounds = 4;

    /// <summary>So few new methods in a round are no longer those of a call.</summary>
    private const int Settled = 10;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(1);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The server listens, and readiness waits for this.</summary>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (!settings.Http.WarmUp)
            return;
        var begun = clock.GetTimestamp();
        using var limit = new CancellationTokenSource(Limit, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        catalog.Keep(WarmUpIntegration.Description);
        try
        {
            await loads.RunAsync(new(settings.Url), either.Token);
            for (var (round, last) = (0, 0L); round < MinRounds || JitInfo.GetCompiledMethodCount() - last > Settled; round++)
            {
                last = JitInfo.GetCompiledMethodCount();
                await RoundAsync($"{round}", either.Token);
                await Task.Delay(Pause, clock, either.Token);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            if (e is not OperationCanceledException)
                logger.WarmUpFailed(e);
        }
        finally
        {
            catalog.Forget(WarmUpIntegration.Name);
        }

        GC.Collect();       // what the start leaves behind is not for the first callers to wait for
        logger.WarmedUp((long)clock.GetElapsedTime(begun).TotalMilliseconds, loads.Count);
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>New connections, and a second call on each.</summary>
    private async Task RoundAsync(string round, CancellationToken cancellationToken)
    {
        using var http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = Callers, UseProxy = false }) { BaseAddress = new(settings.Url) };
        await CallAsync(http, $"{round}.1", cancellationToken);
        await CallAsync(http, $"{round}.2", cancellationToken);
    }

    private async Task CallAsync(HttpClient http, string round, CancellationToken cancellationToken)
    {
        var flight = new Flight<Nothing>(FlightKind.Call);
        var target = WarmUpLoads.TargetOf(round);
        flights.TryStart(target.Key.GrainKey, flight);
        try
        {
            var answers = Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => AskAsync(http, round, cancellationToken)));
            while (flight.Waiting <= Callers && !answers.IsCompleted)
                await Task.Delay(Poll, clock, cancellationToken);
            flights.Remove(flight);
            flight.Land(new Landing<Nothing>(Reply(), default));
            await answers;
        }
        finally
        {
            // A call that is still on its way when time is over must find the flight, or no integration: else it would ask a grain.
            if (cancellationToken.IsCancellationRequested)
                catalog.Forget(WarmUpIntegration.Name);
            flights.Remove(flight);
        }
    }

    private static async Task AskAsync(HttpClient http, string round, CancellationToken cancellationToken)
    {
        using var answer = await http.GetAsync(WarmUpLoads.PathOf(round), cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    private ReadReply Reply()
    {
        var now = clock.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
        return new()
        {
            Status = ReadStatus.Loaded,
            Stored = true,
            FreshMilliseconds = 1000,
            StaleMilliseconds = 1000,
            Value = new() { Bytes = new byte[100], ContentType = "application/json", Version = now, LastRetrieved = now, LastModified = now },
        };
    }
}
