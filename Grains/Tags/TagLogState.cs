using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>
/// What a silo knows of the log and of who else answers by it. A raise is acknowledged when everybody has it whose lease may still
/// hold. Pure: instants are milliseconds of one monotonic clock.
/// </summary>
/// <param name="Span">How long a lease is good for, in milliseconds.</param>
internal sealed record TagLogState(long Span)
{
    /// <summary>Clocks run at rates that differ by up to 1 %, and step.</summary>
    public long OutwaitSpan { get; init; } = Span + (Span / 100) + CoarseClock.StepMilliseconds;

    public TagPosition Known { get; init; }

    /// <summary>The number that the others take this silo to know.</summary>
    public long Told { get; init; }

    /// <summary>No raise is acknowledged without this silo before this instant: counted from before the last question was sent.</summary>
    public long LeaseEnd { get; init; }

    /// <summary>See <see cref="TagChanges.Beginning"/>.</summary>
    public long Beginning { get; init; }

    /// <summary>The end of the first look that found this beginning.</summary>
    public long BeganAt { get; init; }

    public bool WaitsOut { get; init; }

    public ImmutableArray<TagWatch> Others { get; init; } = [];

    /// <summary>The beginning of the last look at the others' leases.</summary>
    public long SeenAt { get; init; }

    /// <summary>Somebody may be waiting to hear how far this silo is.</summary>
    public bool MustTell => !Others.IsEmpty && Told < Known.Number;

    /// <summary>Leases to drop: not renewed for longer than they are good for.</summary>
    public ImmutableArray<TagReader> Gone => [.. Others.Where(other => IsOutwaited(other.Since)).Select(static other => other.Reader)];

    /// <summary>The beginning that has been waited out, 0 for none.</summary>
    public long WaitedOut => WaitsOut && IsOutwaited(BeganAt) ? Beginning : 0;

    /// <summary>
    /// True for looks that should ask for the others' leases though no raise waits for them, so that the dead are known as such before one does.
    /// One that somebody else's raise is the reason for does without for a while: all silos look then.
    /// </summary>
    public bool ShouldSeeOthers(bool isHinted, long now) => Others.IsEmpty || now - SeenAt >= (isHinted || MustTell ? 2 * Span : Span / 4);

    public bool IsProven(long now) => now < LeaseEnd - CoarseClock.StepMilliseconds;

    /// <summary>Every silo has taken up the raise, or its lease has ended. Of a raise that the last look, or one before it, was told of.</summary>
    public bool AllHave(long number)
    {
        if (WaitsOut && !IsOutwaited(BeganAt))
            return false;
        foreach (var other in Others)
            if (other.Reader.Known < number && !IsOutwaited(other.Since))
                return false;
        return true;
    }

    /// <summary>When to look again, unless there is news before: at the usual time, or when a lease that is late may be outwaited.</summary>
    public long NextLook(long usual)
    {
        foreach (var other in Others)
            usual = Math.Min(usual, other.Since + OutwaitSpan);
        return WaitsOut ? Math.Min(usual, BeganAt + OutwaitSpan) : usual;
    }

    /// <summary>Takes in what the log answered at some instant between the two. The raises must have been taken up before.</summary>
    /// <param name="asked">What this silo said that it knows.</param>
    /// <param name="changes">The answer.</param>
    /// <param name="sentAt">From before the question.</param>
    /// <param name="receivedAt">From after the answer.</param>
    public TagLogState Observe(in TagPosition asked, TagChanges changes, long sentAt, long receivedAt)
    {
        var begins = changes.Beginning != Beginning;
        var isSame = changes.Generation == asked.Generation;
        var beganAt = begins ? receivedAt : BeganAt;
        // Where the generation goes on over a beginning the log may lack raises that others know. Who had a lease all along knows all that were
        // acknowledged; by the time that leases of before have ended, who knows more has said so, and a new generation has begun.
        var mayLack = changes.WaitsOut && changes.Beginning != changes.Generation && sentAt - beganAt < OutwaitSpan;
        return this with
        {
            Known = new(changes.Generation, Math.Max(Known.Number, changes.Head), changes.Stamp == 0 ? Known.Stamp : changes.Stamp),
            Told = isSame ? asked.Number : 0,
            LeaseEnd = mayLack && !IsProven(receivedAt) ? LeaseEnd : Math.Max(LeaseEnd, sentAt + Span),
            Beginning = changes.Beginning,
            BeganAt = beganAt,
            WaitsOut = changes.WaitsOut,
            Others = Watched(changes.Others.IsDefault ? null : changes.Others, begins, receivedAt),
            SeenAt = changes.Others.IsDefault ? SeenAt : sentAt,
        };
    }

    private bool IsOutwaited(long since) => SeenAt - since >= OutwaitSpan;

    private ImmutableArray<TagWatch> Watched(ImmutableArray<TagReader>? told, bool begins, long receivedAt)
    {
        if (told is not { } others)
            return begins ? [.. Others.Select(other => new TagWatch(other.Reader with { Counter = TagReader.Unseen }, receivedAt))] : Others;
        var watches = ImmutableArray.CreateBuilder<TagWatch>(others.Length);
        foreach (var other in others)
        {
            var since = receivedAt;
            foreach (var watch in Others)
                if (!begins && watch.Reader.Id == other.Id && watch.Reader.Counter == other.Counter)
                    since = watch.Since;
            watches.Add(new(other, since));
        }
        return watches.DrainToImmutable();
    }
}

/// <summary>Another silo's lease as this one sees it.</summary>
/// <param name="Reader">As it was at the last look.</param>
/// <param name="Since">The end of the first look that found its counter so.</param>
internal readonly record struct TagWatch(TagReader Reader, long Since);
