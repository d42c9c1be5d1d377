using System.ComponentModel;
using System.Diagnostics;

namespace OrleansCache.Samples;

/// <summary>Notices within a second or so that a process is gone, also when it was killed and could tell nobody.</summary>
internal sealed class ParentWatch : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly int _pid;
    private readonly TimeProvider _time;
    private readonly DateTime? _startedAt;
    private ITimer? _timer;

    private ParentWatch(int pid, TimeProvider time)
    {
        (_pid, _time) = (pid, time);
        _startedAt = StartOf(pid);
    }

    public static ParentWatch? Of(int? pid, TimeProvider time) => pid is { } id ? new(id, time) : null;

    /// <summary>A number that was given to another process since counts as gone.</summary>
    public bool IsGone => _startedAt is null || StartOf(_pid) != _startedAt;

    public void WhenGone(Action act) =>
        _timer = _time.CreateTimer(_ =>
        {
            if (IsGone)
                act();
        }, null, Period, Period);

    public void Dispose() => _timer?.Dispose();

    private static DateTime? StartOf(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);
            return IsZombie(pid) ? null : process.StartTime;
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            return null;
        }
        catch (Exception exception) when (exception is Win32Exception or NotSupportedException)
        {
            return DateTime.MinValue;       // it runs, but its start is not ours to know
        }
    }

    /// <summary>A dead process whose own parent has not asked for it yet still has a number and a start.</summary>
    private static bool IsZombie(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            return stat[stat.LastIndexOf(')')..] is [_, _, 'Z' or 'X', ..];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
