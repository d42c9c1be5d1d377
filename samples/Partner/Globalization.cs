using System.Globalization;

namespace OrleansCache.Samples;

internal static class Globalization
{
    /// <summary>Whether cultures have data. The switch itself is not asked: it can be set in three places.</summary>
    public static bool IsAvailable
    {
        get
        {
            try
            {
                return CultureInfo.GetCultureInfo("nl-NL").NumberFormat.CurrencySymbol == "€";
            }
            catch (CultureNotFoundException)
            {
                return false;
            }
        }
    }
}
