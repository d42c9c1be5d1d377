namespace OrleansCache;

/// <summary>What an exception says, for people who did not write the code.</summary>
internal static class ErrorText
{
    /// <summary>Without the parameter name that .NET puts behind an argument's message.</summary>
    public static string Of(ArgumentException exception) =>
        exception.ParamName is { } name ? exception.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : exception.Message;
}
