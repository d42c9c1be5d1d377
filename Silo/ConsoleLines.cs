using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace OrleansCache;

/// <summary>One line an event: time, level, number, what happened, and an exception's reasons. A stack follows only where a fault of ours must be found.</summary>
internal sealed class ConsoleLines(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "lines";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var level = logEntry.LogLevel switch
        {
            LogLevel.Critical => "crit",
            LogLevel.Error => "fail",
            LogLevel.Warning => "warn",
            LogLevel.Information => "info",
            _ => "dbug",
        };
        textWriter.Write($"{clock.GetLocalNow():HH:mm:ss} {level} {Area(logEntry.Category)}[{logEntry.EventId.Id}] {logEntry.Formatter(logEntry.State, null)}");
        if (logEntry.Exception is { } exception)
            textWriter.Write(logEntry.LogLevel >= LogLevel.Error && !IsOutage(exception) && !IsLate(logEntry.Category, exception) ? $"{Environment.NewLine}{exception}" : $" ({Reasons(exception)})");
        textWriter.WriteLine();
    }

    private static string Area(string category) => category[(category.LastIndexOf('.') + 1)..];

    /// <summary>True for what a library still wanted of a silo that had ended.</summary>
    private static bool IsLate(string category, Exception exception) =>
        exception is ObjectDisposedException && !category.StartsWith("OrleansCache.", StringComparison.Ordinal);

    /// <summary>True when something else was away or late: where in our code that was noticed helps nobody.</summary>
    private static bool IsOutage(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException!)
        {
            if (e is StoreUnavailableException or CacheUnavailableException or IOException or SocketException or HttpRequestException or TimeoutException)
                return true;
        }

        return false;
    }

    private static string Reasons(Exception exception)
    {
        var text = exception.Message;
        for (var inner = exception.InnerException; inner is not null; inner = inner.InnerException)
        {
            if (!text.Contains(inner.Message, StringComparison.Ordinal))
                text += $": {inner.Message}";
        }

        return text.ReplaceLineEndings(" ");
    }
}
