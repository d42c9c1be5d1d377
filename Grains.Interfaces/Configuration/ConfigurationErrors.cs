using Microsoft.Extensions.Configuration;

namespace OrleansCache;

/// <summary>All that is wrong with a configuration, each with its full path, its value and the way out.</summary>
internal sealed class ConfigurationErrors
{
    private readonly List<string> _errors = [];
    private readonly HashSet<string> _paths = new(StringComparer.OrdinalIgnoreCase);

    public bool Any => _errors.Count > 0;

    public IReadOnlyList<string> All => _errors;

    /// <param name="path">The full path: <c>OrleansCache:Regions:default:FreshFor</c>.</param>
    /// <param name="value">As configured; null when nothing is set.</param>
    /// <param name="remedy">What is expected, and what to write instead.</param>
    public void Add(string path, object? value, string remedy) =>
        Add(path, value is null ? $"is not set: {remedy}" : $"is '{Shown(value)}': {remedy}");

    /// <summary>An error that one value can't show.</summary>
    public void Add(string path, string what)
    {
        _paths.Add(path);
        var error = $"{path} {what}{(what.EndsWith('?') ? "" : ".")}";
        if (!_errors.Contains(error))
            _errors.Add(error);
    }

    /// <summary>True when something is wrong at this path or above it.</summary>
    public bool Concern(string path) => _paths.Any(wrong =>
        path.StartsWith(wrong, StringComparison.OrdinalIgnoreCase) && (path.Length == wrong.Length || path[wrong.Length] == ':'));

    public static string Path(params ReadOnlySpan<string> parts) => ConfigurationPath.Combine([.. parts]);

    private static string Shown(object value) => value switch
    {
        TimeSpan span => span.ToString("c", null),
        IFormattable number => number.ToString(null, System.Globalization.CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
