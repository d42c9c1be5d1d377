namespace OrleansCache.Cluster;

/// <summary>
/// One owner at a time, as clients see it: every answer carries the view of the owner that gave it. A key goes to another silo with a new view
/// only, so an answer under an older view, to a call that began after an answer under a newer one, is a former owner's.
/// </summary>
/// <remarks>It sees two owners that serve by turns, not two that answer calls that overlap: those the register shows where they differ.</remarks>
internal static class OwnerOrder
{
    public static IEnumerable<Finding> Check(IEnumerable<Operation> operations)
    {
        Operation[] answered = [.. operations.Where(o => o.View > 0 && o.Ending is Ending.Ok or Ending.Refused)];
        var ended = new Queue<Operation>(answered.OrderBy(o => o.End));
        Operation? newest = null;
        foreach (var o in answered.OrderBy(o => o.Begin))
        {
            for (; ended.Peek().End < o.Begin; ended.Dequeue())
            {
                if (newest is null || ended.Peek().View > newest.View)
                    newest = ended.Peek();
            }
            if (newest is not null && o.View < newest.View)
                yield return new(Fault.FormerOwner, o.Key, $"{o} was answered after {newest}");
        }
    }
}
