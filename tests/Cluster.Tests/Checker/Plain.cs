namespace OrleansCache.Cluster;

/// <summary>Tries every order, with none of the checker's short cuts: for a handful of operations only.</summary>
internal static class Plain
{
    /// <summary>Whether some order of the operations explains them, versions growing with every change.</summary>
    public static bool IsLinearizable(IReadOnlyList<Operation> operations)
    {
        var highest = operations.Max(o => Math.Max(o.Version, o.Expected)) + operations.Count + 1;
        return From(new(0, 0), 0);

        bool From(Register register, int done)
        {
            var left = Enumerable.Range(0, operations.Count).Where(i => (done & (1 << i)) == 0).ToArray();
            if (left.All(i => operations[i].Ending is Ending.Unknown or Ending.Failed))
                return true;
            var firstEnd = left.Min(i => operations[i].Ending is Ending.Unknown or Ending.Failed ? Operation.Never : operations[i].End);
            return left.Where(i => operations[i].Begin <= firstEnd && operations[i].Ending != Ending.Failed)
                .Any(i => After(register, operations[i]).Any(next => From(next, done | (1 << i))));
        }

        IEnumerable<Register> After(Register r, Operation o)
        {
            var holds = o.Guard switch { Guard.IfVersion => r.Value != 0 && r.Version == o.Expected, Guard.IfAbsent => r.Value == 0, Guard.IfPresent => r.Value != 0, _ => true };
            return (o.Kind, o.Ending) switch
            {
                (OperationKind.Read, Ending.Ok) => r.Value == o.Value && (o.Value == 0 || r.Version == o.Version) ? [r] : [],
                (OperationKind.Read, _) => [],
                (OperationKind.Raise, _) => [new(r.Version, 0)],
                (_, Ending.Refused) => !holds && (r.Value == 0 ? o.Version == 0 : r.Version == o.Version) ? [r] : [],
                (OperationKind.Remove, Ending.Ok) when !o.Existed => r.Value == 0 ? [r] : [],
                (OperationKind.Remove, Ending.Ok) => r.Value != 0 ? Versions(r, o).Select(v => new Register(v, 0)) : [],
                (OperationKind.Remove, _) => r.Value != 0 ? Versions(r, o).Select(v => new Register(v, 0)) : [],
                _ => holds ? Versions(r, o).Select(v => new Register(v, o.Value)) : [],
            };
        }

        IEnumerable<long> Versions(Register r, Operation o)
        {
            for (var v = r.Version + 1; v < highest; v++)
            {
                if (o.Version == 0 || o.Version == v)
                    yield return v;
            }
        }
    }

    private readonly record struct Register(long Version, long Value);
}
