namespace OrleansCache;

/// <summary>Where the version of a <see cref="Strategy.Versioned"/> method comes from.</summary>
public sealed class MethodVersionOptions
{
    /// <summary>A method of the same integration whose answer is the version: any bytes, compared as they are; its 404 is no history. It is called with those of the arguments that it takes, and is not cached.</summary>
    public string? Method { get; set; }

    /// <summary>The version where there is no history; <c>-1</c> when null.</summary>
    public string? Default { get; set; }

    /// <summary>What a read does when that method fails.</summary>
    public OnVersionFailure OnFailure { get; set; }

    /// <summary>How long a silo remembers a session's version of a key, from the question on; over zero.</summary>
    public TimeSpan SessionFor { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How many versions a silo remembers for this method's sessions; 1 or more. What was read longest ago goes first.</summary>
    public int MaxSessions { get; set; } = 10_000;
}
