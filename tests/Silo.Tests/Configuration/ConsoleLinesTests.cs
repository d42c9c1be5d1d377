using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace OrleansCache.Silo.Tests;

public sealed class ConsoleLinesTests
{
    [Fact]
    public void What_is_away_is_one_line_and_a_fault_has_its_stack()
    {
        var away = Thrown(() => throw new InvalidOperationException("Not activated.", new StoreUnavailableException("Redis is not connected.", maybeApplied: false)));
        var fault = Thrown(() => throw new InvalidOperationException("It cannot be."));

        Assert.Equal(" fail Area[7] A grain was not activated. (Not activated.: Redis is not connected.)", Line(LogLevel.Error, away));
        Assert.Contains("   at ", Line(LogLevel.Error, fault), StringComparison.Ordinal);
        Assert.Equal(" warn Area[7] A grain was not activated. (It cannot be.)", Line(LogLevel.Warning, fault));
    }

    [Fact]
    public void What_a_library_wanted_of_a_silo_that_had_ended_is_one_line_and_of_ours_a_fault()
    {
        var late = Thrown(() => throw new ObjectDisposedException("IServiceProvider"));

        Assert.DoesNotContain("   at ", Line(LogLevel.Error, late, "Orleans.Runtime.Watch"), StringComparison.Ordinal);
        Assert.Contains("   at ", Line(LogLevel.Error, late), StringComparison.Ordinal);
    }

    private static string Line(LogLevel level, Exception exception, string category = "OrleansCache.Area")
    {
        using var text = new StringWriter();
        new ConsoleLines(TimeProvider.System).Write(new LogEntry<int>(level, category, new(7), 0, exception, (_, _) => "A grain was not activated."), null, text);
        return text.ToString()["HH:mm:ss".Length..].TrimEnd();
    }

    private static Exception Thrown(Action action) => Record.Exception(action)!;
}
