using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace OrleansCache;

/// <summary>One line an event: time, level, number, what happened. A warning's exception is its message; an error's follows whole.</summary>
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
            textWriter.Write(logEntry.LogLevel >= LogLevel.Error ? $"{Environment.NewLine}{exception}" : $" ({Reasons(exception)})");
        textWriter.WriteLine();
    }

    private static string Area(string category) => category[(category.LastIndexOf('.') + 1)..];

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
