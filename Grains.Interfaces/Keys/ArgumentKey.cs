using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Arguments as a key: <c>a=1&amp;b=2</c>, sorted by name, each part percent-encoded. <c>a=</c> is empty, <c>a</c> alone is null.</summary>
internal static class ArgumentKey
{
    public static string Of(ReadOnlySpan<(string Name, string? Value)> arguments)
    {
        var copy = new CallArgument[arguments.Length];
        for (var i = 0; i < copy.Length; i++)
            copy[i] = new(arguments[i].Name, arguments[i].Value);
        return Join(copy);
    }

    public static string Of(ReadOnlySpan<CallArgument> arguments) => Join(arguments.ToArray());

    /// <summary>By name, ordinal.</summary>
    public static int Compare(CallArgument one, CallArgument other) => string.CompareOrdinal(one.Name, other.Name);

    private static string Join(CallArgument[] arguments)
    {
        // A call without arguments still needs a key, and no argument list begins with '&'.
        if (arguments.Length == 0)
            return "&";
        foreach (ref var argument in arguments.AsSpan())
        {
            if (string.IsNullOrEmpty(argument.Name))
                throw new ArgumentException("An argument has no name; name each one.", nameof(arguments));
            argument = argument with { Name = KeyText.Normalised(argument.Name, "argument") };
        }

        Array.Sort(arguments, Compare);
        for (var i = 1; i < arguments.Length; i++)
        {
            if (arguments[i].Name == arguments[i - 1].Name)
                throw new ArgumentException($"The argument '{arguments[i].Name}' is given twice; give it once.", nameof(arguments));
        }

        var parts = Array.ConvertAll(arguments, static a => a.Value is null ? Encoded(a.Name) : $"{Encoded(a.Name)}={Encoded(a.Value)}");

        return string.Join('&', parts);
    }

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

        return Join([.. arguments]) == key ? arguments.DrainToImmutable() : null;
    }
}
