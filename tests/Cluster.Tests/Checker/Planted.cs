namespace OrleansCache.Cluster;

/// <summary>Puts one fault into a history that is right, where it cannot be explained otherwise.</summary>
internal static class Planted
{
    public static bool Into(Operation[] history, Fault fault, Random random)
    {
        int[] reads = [.. Enumerable.Range(0, history.Length).Where(i => history[i].Kind == OperationKind.Read)];
        random.Shuffle(reads);
        Operation[] changes = [.. history.Where(o => o.Kind != OperationKind.Read && o.Ending == Ending.Ok && o.Version > 0 && (o.Existed || o.Kind == OperationKind.Write))];
        Operation[] writes = [.. changes.Where(o => o.Kind == OperationKind.Write)];
        foreach (var i in reads)
        {
            var read = history[i];
            var last = changes.Where(c => c.End < read.Begin).MaxBy(c => c.Version);
            var spoilt = fault switch
            {
                Fault.StaleRead when last?.Kind == OperationKind.Write => Seeing(writes.FirstOrDefault(w => w.Version < last.Version)),
                Fault.ResurrectedRemoval when last?.Kind == OperationKind.Remove => Seeing(writes.Where(w => w.Version < last.Version).MaxBy(w => w.Version)),
                Fault.LostWrite when last?.Kind == OperationKind.Write && !CouldRemove(last, read) => read with { Value = 0, Version = 0 },
                Fault.FromTheFuture => Seeing(writes.FirstOrDefault(w => w.Begin > read.End)),
                Fault.PhantomValue => read with { Value = 1 << 20, Version = (last?.Version ?? 0) + 1 },
                Fault.DuplicateVersion when read.Value != 0 && writes.FirstOrDefault(w => w.Version != read.Version) is { } other => read with { Version = other.Version },
                _ => null,
            };
            if (spoilt is null)
                continue;
            history[i] = spoilt;
            return true;

            Operation? Seeing(Operation? write) => write is null ? null : read with { Value = write.Value, Version = write.Version };
        }
        return fault == Fault.VersionFell && Swap(history, changes, random);

        bool CouldRemove(Operation write, Operation read) =>
            history.Any(o => o.Begin <= read.End && (o.Kind, o.Ending) switch
            {
                (OperationKind.Remove or OperationKind.Raise, Ending.Unknown) => true,
                (OperationKind.Remove, _) => o.Existed && o.Version > write.Version,
                (OperationKind.Raise, _) => o.End > write.Begin,
                _ => false,
            });
    }

    /// <summary>Two changes, one after the other, with each other's versions, also where they were seen.</summary>
    private static bool Swap(Operation[] history, Operation[] changes, Random random)
    {
        random.Shuffle(changes);
        var pair = changes.SelectMany(a => changes.Where(b => a.End < b.Begin).Select(b => (a, b))).FirstOrDefault();
        if (pair.a is null)
            return false;
        long Swapped(long version) => version == pair.a.Version ? pair.b.Version : version == pair.b.Version ? pair.a.Version : version;
        for (var i = 0; i < history.Length; i++)
            history[i] = history[i] with { Version = Swapped(history[i].Version), Expected = Swapped(history[i].Expected) };
        return true;
    }
}
