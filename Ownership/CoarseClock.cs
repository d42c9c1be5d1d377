using System.Diagnostics.CodeAnalysis;

namespace OrleansCache;

/// <summary>
/// The kernel's coarse monotonic clock, for checks on hot paths: the one type that reads it. It steps by up to
/// <see cref="StepMilliseconds"/>, so what it guards ends that much early. It stands still while the machine is suspended.
/// </summary>
internal class CoarseClock
{
    /// <summary>The longest step seen on supported systems (Windows); 4 ms on Linux.</summary>
    public const int StepMilliseconds = 16;

    public static CoarseClock System { get; } = new();

    /// <summary>Milliseconds since some instant in the past. Never falls.</summary>
    [SuppressMessage("ApiDesign", "RS0030", Justification = "This is the type that the ban names.")]
    public virtual long Milliseconds => Environment.TickCount64;
}
