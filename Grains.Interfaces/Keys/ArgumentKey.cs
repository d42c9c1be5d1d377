using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Arguments as a key: <c>a=1&amp;b=2</c>, sorted by name, each part percent-encoded. <c>a=</c> is empty, <c>a</c> alone is null.</summary>
internal static class ArgumentKey
{
    public static string Of(ReadOnlySpan<(string Name, string? Value)> arguments)
    {
        var sorted = arguments.ToArray();
        foreach (ref var argument in sorted.AsSpan())
        {
            if (string.IsNullOrEmpty(argument.Name))
                throw new ArgumentException("An argument has no name; name each one.", nameof(arguments));
            argument.Name = KeyText.Normalised(argument.Name, "argument");
        }

        Array.Sort(sorted, static (x, y) => string.CompareOrdinal(x.Name, y.Name));
        for (var i = 0; i < sorted.Length; i++)
        {
            if (i > 0 && sorted[i].Name == sorted[i - 1].Name)
                throw new ArgumentException($"The argument '{sorted[i].Name}' is given twice; give it once.", nameof(arguments));
        }

        // A call without arguments still needs a key, and no argument list begins with '&'.
        return sorted.Length == 0 ? "&" : string.Join('&', sorted.Select(a => a.Value is null ? Encoded(a.Name) : $"{Encoded(a.Name)}={Encoded(a.Value)}"));
    }

    public static string Of(ImmutableArray<CallArgument> arguments) =>
        Of(arguments.IsDefault ? [] : [.. arguments.Select(a => (a.Name, a.Value))]);

    /// <summary>NFC, then everything but RFC 3986's unreserved characters percent-encoded as UTF-8.</summary>
    public static string Encoded(string part) => Uri.EscapeDataString(KeyText.Normalised(part, "argument"));

    /// <summary>The arguments that a key stands for; null when it is a hash, or no argument list.</summary>
    public static ImmutableArray<CallArgument>? Parse(string key)
    {
        if (key == "&")
            return [];
        var arguments = ImmutableArray.CreateBuilder<CallArgument>();
        foreach (var part in key.Split('&'))
        {
            var equals = part.IndexOf('=', StringComparison.Ordinal);
            var name = Uri.UnescapeDataString(equals < 0 ? part : part[..equals]);
            if (name.Length == 0 || arguments.Any(a => a.Name == name))
                return null;
            arguments.Add(new(name, equals < 0 ? null : Uri.UnescapeDataString(part[(equals + 1)..])));
        }

        return Of([.. arguments.Select(a => (a.Name, a.Value))]) == key ? arguments.DrainToImmutable() : null;
    }
}
