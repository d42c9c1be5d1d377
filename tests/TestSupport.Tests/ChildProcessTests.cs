namespace OrleansCache.TestSupport;

public class ChildProcessTests
{
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Lines_of_both_outputs_environment_and_exit_code_arrive()
    {
        await using var child = ChildProcess.Start(
            "/bin/sh", ["-c", "echo got $WORD; echo oops >&2; exit 7"], new Dictionary<string, string?> { ["WORD"] = "it" });

        Assert.Equal("got it", await child.WaitForLineAsync("got", cancellationToken: _cancellation));
        Assert.Equal("oops", await child.WaitForLineAsync("oops", cancellationToken: _cancellation));
        Assert.Equal(7, await child.WaitForExitAsync(cancellationToken: _cancellation));
    }

    [Fact]
    public async Task Waiting_for_a_line_ends_when_the_process_does()
    {
        await using var child = ChildProcess.Start("/bin/sh", ["-c", "echo last words; exit 3"]);

        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => child.WaitForLineAsync("ready", cancellationToken: _cancellation));

        Assert.Contains("last words", exception.Message, StringComparison.Ordinal);
        Assert.Contains("ended with 3", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_killed_process_says_so_in_its_exit_code()
    {
        await using var child = ChildProcess.Start("/bin/sh", ["-c", "echo up; exec sleep 600"]);
        await child.WaitForLineAsync("up", cancellationToken: _cancellation);

        await child.KillAsync();

        Assert.Equal(128 + 9, child.ExitCode);
        Assert.False(child.Signal(ProcessSignal.Kill));
    }
}
