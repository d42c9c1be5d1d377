using System.Diagnostics.CodeAnalysis;

namespace OrleansCache;

/// <summary>The arguments of a call from a query. <c>?x</c> and <c>?x=</c> are the empty text; names are case-sensitive.</summary>
internal static class QueryArguments
{
    public static bool TryParse(
        ReadOnlySpan<char> query,
        [NotNullWhen(true)] out Dictionary<string, string?>? arguments,
        [NotNullWhen(false)] out HttpProblem? problem)
    {
        (arguments, problem) = (null, null);
        var read = new Dictionary<string, string?>(StringComparer.Ordinal);
        while (!query.IsEmpty)
        {
            var end = query.IndexOf('&');
            var part = end < 0 ? query : query[..end];
            query = end < 0 ? default : query[(end + 1)..];
            if (part.IsEmpty)
                continue;

            var equals = part.IndexOf('=');
            var rawName = equals < 0 ? part : part[..equals];
            if (!PercentText.TryDecode(rawName, plusIsSpace: true, out var name, out var error))
                return Bad("bad-argument", "An argument cannot be read", $"The name of an argument {error}.", out problem);
            if (name.Length == 0)
                return Bad("bad-argument", "An argument cannot be read", "An argument has no name; write name=value.", out problem);
            if (!PercentText.TryDecode(equals < 0 ? default : part[(equals + 1)..], plusIsSpace: true, out var value, out error))
                return Bad("bad-argument", "An argument cannot be read", $"The value of the argument '{name}' {error}.", out problem);
            if (!read.TryAdd(name, value))
                return Bad("repeated-argument", "An argument is given twice", $"The argument '{name}' is given twice, the second time as '{value}'; give it once.", out problem);
        }

        arguments = read;
        return true;
    }

    private static bool Bad(string type, string title, string detail, out HttpProblem problem)
    {
        problem = HttpProblem.BadRequest(type, title, detail);
        return false;
    }
}
