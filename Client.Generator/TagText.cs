namespace OrleansCache.Client.Generator;

/// <summary>A tag with arguments in braces.</summary>
internal static class TagText
{
    /// <summary>The names in braces; null when the braces are no arguments.</summary>
    public static List<string>? NamesIn(string tag)
    {
        var names = new List<string>();
        for (var at = 0; at < tag.Length;)
        {
            var open = tag.IndexOfAny(['{', '}'], at);
            if (open < 0)
                break;
            var close = tag.IndexOf('}', open);
            if (tag[open] == '}' || close < 0)
                return null;
            var name = tag.Substring(open + 1, close - open - 1).TrimEnd('?');
            if (name.Length == 0 || !name.All(static c => char.IsLetterOrDigit(c) || c is '_' or '.'))
                return null;
            names.Add(name);
            at = close + 1;
        }

        return names;
    }

    /// <summary>An expression for <c>order.User.Id</c> that is null where a part is; null when there is no such member with a text.</summary>
    public static string? Expression(IMethodSymbol method, string name)
    {
        var parts = name.Split('.');
        if (method.Parameters.FirstOrDefault(p => p.Name == parts[0] && !Symbols.IsToken(p.Type)) is not { } parameter)
            return null;
        var (type, text) = (parameter.Type, "@" + parts[0]);
        foreach (var part in parts.Skip(1))
        {
            if (Symbols.Member(type, part) is not { } member)
                return null;
            var mayBeNull = type.IsReferenceType || type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T;
            text += (mayBeNull ? "?.@" : ".@") + part;
            type = member is IPropertySymbol property ? property.Type : ((IFieldSymbol)member).Type;
        }

        return Symbols.HasText(type) ? text : null;
    }
}
