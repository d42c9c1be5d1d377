using System.Collections.Immutable;
using System.Text;

namespace OrleansCache;

/// <summary>Text with arguments in braces: a path and query, or a tag. <c>{name}</c> must be given, <c>{name?}</c> may be left out.</summary>
internal sealed class CallTemplate
{
    private readonly ImmutableArray<ImmutableArray<Piece>> _segments;
    private readonly ImmutableArray<ImmutableArray<Piece>> _query;

    private CallTemplate(string text, ImmutableArray<ImmutableArray<Piece>> segments, ImmutableArray<ImmutableArray<Piece>> query) =>
        (Text, _segments, _query) = (text, segments, query);

    public string Text { get; }

    /// <summary>The arguments in the order of their first mention.</summary>
    public ImmutableArray<ParameterDescription> Parameters =>
    [
        .. _segments.Concat(_query).SelectMany(pieces => pieces).Where(piece => piece.IsArgument)
            .GroupBy(piece => piece.Text).Select(mentions => new ParameterDescription(mentions.Key, mentions.All(piece => piece.IsOptional))),
    ];

    /// <summary>A path below the base address, with a query. The error says what to write.</summary>
    public static CallTemplate? ParsePath(string text, out string error)
    {
        error = "";
        if (text.AsSpan().ContainsAnyExceptInRange('!', '~') || text.Contains('#', StringComparison.Ordinal))
            error = "has a character that no address has: percent-encode it";
        else if (text.Contains("://", StringComparison.Ordinal))
            error = "is an address: write the path below BaseAddress";
        if (error.Length > 0)
            return null;

        var divide = text.IndexOf('?', StringComparison.Ordinal);
        while (divide >= 0 && divide + 1 < text.Length && text[divide + 1] == '}')
            divide = text.IndexOf('?', divide + 1);
        var path = (divide < 0 ? text : text[..divide]).TrimStart('/');
        var query = divide < 0 ? "" : text[(divide + 1)..];
        var segments = path.Split('/').Select(segment => ParsePieces(segment)).ToArray();
        var pairs = query.Length == 0 ? [] : query.Split('&').Select(pair => ParsePieces(pair)).ToArray();
        if (segments.Concat(pairs).Any(pieces => pieces is null))
            error = "has braces that are not an argument: write {name} or {name?}";
        else if (segments.Any(pieces => pieces!.Value.Any(piece => piece.IsOptional)))
            error = "has an optional argument in its path: only an argument of the query can be left out";
        return error.Length > 0 ? null : new(text, [.. segments.Select(pieces => pieces!.Value)], [.. pairs.Select(pieces => pieces!.Value)]);
    }

    /// <summary>Plain text with arguments, such as a tag. Null when its braces are not arguments.</summary>
    public static CallTemplate? ParseText(string text) => ParsePieces(text) is { } pieces ? new(text, [pieces], []) : null;

    /// <summary>The path and query, every argument percent-encoded.</summary>
    /// <exception cref="FormatException">An argument of the path is missing, or would make a segment that is empty or leads elsewhere.</exception>
    public string Path(IReadOnlyDictionary<string, string?> arguments) => Path(arguments, Uri.EscapeDataString);

    /// <summary>The same with another way to encode arguments.</summary>
    public string Path(IReadOnlyDictionary<string, string?> arguments, Func<string, string> encode)
    {
        var path = new StringBuilder();
        for (var i = 0; i < _segments.Length; i++)
        {
            var argument = _segments[i].FirstOrDefault(piece => piece.IsArgument).Text;
            var text = Fill(_segments[i], arguments, encode)
                ?? throw new FormatException($"The argument '{argument}' is null; it stands in the path, give it a value.");
            if (text is "" or "." or ".." && argument is not null)
                throw new FormatException($"The argument '{argument}' would make the path segment '{text}'; give it another value.");
            path.Append(i > 0 ? "/" : "").Append(text);
        }

        var separator = '?';
        foreach (var pair in _query)
        {
            if (Fill(pair, arguments, encode) is not { } text)
                continue;
            path.Append(separator).Append(text);
            separator = '&';
        }

        return path.ToString();
    }

    /// <summary>The text as a tag with its arguments in it; null when one of them is not given.</summary>
    public string? Tag(IReadOnlyDictionary<string, string?> arguments) => Fill(_segments[0], arguments, TagArgument.Encoded);

    private static string? Fill(ImmutableArray<Piece> pieces, IReadOnlyDictionary<string, string?> arguments, Func<string, string> encode)
    {
        var text = new StringBuilder();
        foreach (var piece in pieces)
        {
            if (!piece.IsArgument)
                text.Append(piece.Text);
            else if (arguments.TryGetValue(piece.Text, out var value) && value is not null)
                text.Append(encode(value));
            else
                return null;
        }

        return text.ToString();
    }

    private static ImmutableArray<Piece>? ParsePieces(string text)
    {
        var pieces = ImmutableArray.CreateBuilder<Piece>();
        while (text.Length > 0)
        {
            var open = text.AsSpan().IndexOfAny('{', '}');
            if (open < 0)
            {
                pieces.Add(new(text, IsArgument: false, IsOptional: false));
                break;
            }

            var close = text.IndexOf('}', StringComparison.Ordinal);
            if (text[open] == '}' || close < 0)
                return null;
            var name = text[(open + 1)..close];
            var optional = name.EndsWith('?');
            name = optional ? name[..^1] : name;
            if (name.Length == 0 || !name.All(c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.'))
                return null;
            if (open > 0)
                pieces.Add(new(text[..open], IsArgument: false, IsOptional: false));
            pieces.Add(new(name, IsArgument: true, optional));
            text = text[(close + 1)..];
        }

        return pieces.ToImmutable();
    }

    private readonly record struct Piece(string Text, bool IsArgument, bool IsOptional);
}
