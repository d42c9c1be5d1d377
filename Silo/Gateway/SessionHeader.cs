using System.Diagnostics.CodeAnalysis;

namespace OrleansCache;

/// <summary><c>OrleansCache-Session</c>: names the session that a call belongs to.</summary>
internal static class SessionHeader
{
    public const string Name = "OrleansCache-Session";
    private const int MaxLength = 128;

    /// <param name="context">The request.</param>
    /// <param name="session">Its session; null outside of one.</param>
    /// <param name="problem">Why the header can't be used.</param>
    public static bool TryRead(HttpContext context, out string? session, [NotNullWhen(false)] out HttpProblem? problem)
    {
        (session, problem) = (null, null);
        if (!context.Request.Headers.TryGetValue(Name, out var values))
            return true;
        var text = values.Count == 1 ? values[0] ?? "" : "";
        if (text.Length is 0 or > MaxLength || text.Any(static c => c is <= ' ' or > '~'))
        {
            problem = HttpProblem.BadRequest("bad-session", "The session cannot be used", $"The header {Name} names no session: send it once, with 1 to {MaxLength} visible ASCII characters, or leave it out.");
            return false;
        }

        session = text;
        return true;
    }
}
