using System.ComponentModel.DataAnnotations;

namespace OrleansCache;

/// <summary>Finds what is wrong with a strategy before it is used.</summary>
internal static class StrategyRules
{
    /// <exception cref="ArgumentException">It cannot hold; the message has field, value and remedy.</exception>
    public static void Check(CacheStrategy strategy)
    {
        EntryOptionRules.Checked(strategy);
        try
        {
            _ = new CallPlan<object>(strategy, Parts);
        }
        catch (ValidationException e)
        {
            throw new ArgumentException($"CacheStrategy.Retry is refused: {e.Message}", e);
        }
    }

    // Nothing is called with it.
    private static CallPlanParts Parts { get; } = new(null!, TimeProvider.System);
}
