namespace OrleansCache;

/// <summary>The silo will not start. The message names the setting, its value and the way out; it is shown without a stack trace.</summary>
internal sealed class StartRefusedException(string message, Exception? inner = null) : Exception(message, inner);
