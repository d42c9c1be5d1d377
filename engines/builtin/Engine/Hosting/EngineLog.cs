namespace OrleansCache.Engine;

internal static partial class EngineLog
{
    [LoggerMessage(100, LogLevel.Information, "A silo of cluster {ClusterId} serves on {Endpoint}.")]
    public static partial void SiloStarted(this ILogger logger, string clusterId, string endpoint);

    [LoggerMessage(101, LogLevel.Information, "Silo {Name} has stopped; {Left} activations did not end in time.")]
    public static partial void SiloStopped(this ILogger logger, string name, int left);

    [LoggerMessage(102, LogLevel.Error, "A grain of class {GrainClass} was not activated; its waiting calls fail with the error.")]
    public static partial void ActivationFailed(this ILogger logger, Exception exception, string grainClass);

    [LoggerMessage(103, LogLevel.Error, "A grain of class {GrainClass} failed while it was deactivated; it is gone all the same.")]
    public static partial void DeactivationFailed(this ILogger logger, Exception exception, string grainClass);

    [LoggerMessage(104, LogLevel.Error, "A timer of a grain of class {GrainClass} failed; its next tick comes as planned.")]
    public static partial void TimerFailed(this ILogger logger, Exception exception, string grainClass);

    [LoggerMessage(105, LogLevel.Warning, "The one-way call {Method} failed; nobody waits for it.")]
    public static partial void OneWayFailed(this ILogger logger, Exception exception, string method);

    [LoggerMessage(106, LogLevel.Warning, "A connection from {Remote} was closed: {Reason}")]
    public static partial void ConnectionRefused(this ILogger logger, string remote, string reason);

    [LoggerMessage(107, LogLevel.Information, "Connected to silo {Remote}.")]
    public static partial void Connected(this ILogger logger, string remote);

    [LoggerMessage(108, LogLevel.Warning, "No connection to silo {Remote}: {Reason} The next attempt is in {Delay}.")]
    public static partial void ConnectFailed(this ILogger logger, string remote, string reason, TimeSpan delay);

    [LoggerMessage(109, LogLevel.Warning, "The connection with {Remote} broke; calls under way on it fail: {Reason}")]
    public static partial void ConnectionBroken(this ILogger logger, string remote, string reason);

    [LoggerMessage(110, LogLevel.Warning, "Where the silos are is not known; it is asked again: {Reason}")]
    public static partial void SilosNotFound(this ILogger logger, string reason);
}
