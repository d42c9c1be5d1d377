namespace OrleansCache.Engine.Generator;

/// <summary>The statements that write and read one value: short integers directly, all else through its codec.</summary>
internal static class CodecText
{
    public static string Write(ITypeSymbol type, uint id, string value) => Range(type) is not null
        ? $"writer.Number({id}, {(type.SpecialType == SpecialType.System_Boolean ? $"{value} ? 1L : 0L" : $"(long){value}")});"
        : $"Codecs<{Symbols.Full(type)}>.Instance.Write(writer, {id}, {value});";

    public static string Read(ITypeSymbol type, string wire) => Range(type) is { } range
        ? type.SpecialType == SpecialType.System_Boolean ? $"reader.Number({wire}, 0, 1) != 0" : $"({Symbols.Full(type)})reader.Number({wire}, {range})"
        : $"Codecs<{Symbols.Full(type)}>.Instance.Read(ref reader, {wire})";

    /// <summary>The loop over an object's fields, and what to do for each.</summary>
    public static string ReadFields(IEnumerable<(uint Id, string Statements)> fields) =>
        "while (reader.NextField(out var id, out var field)) switch (id) {\n"
            + Lines(fields.Select(f => $"case {f.Id}: {f.Statements} break;")) + "\ndefault: reader.Skip(field); break; }";

    public static string Lines(IEnumerable<string> lines) => string.Join("\n", lines);

    /// <summary>When the value need not be written because its absence means the same; null when it always must be.</summary>
    public static string? Absent(ITypeSymbol type, string value) => Range(type) is not null ? $"{value} == default"
        : type.IsReferenceType || type.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T ? $"{value} is null"
        : Symbols.Wire(type.OriginalDefinition) switch
        {
            "System.TimeSpan" or "System.Guid" => $"{value} == default",
            "System.Collections.Immutable.ImmutableArray<T>" => $"{value}.IsDefault",
            "System.ReadOnlyMemory<T>" => $"{value}.IsEmpty",
            _ => null,
        };

    private static string? Range(ITypeSymbol type) => type.TypeKind == TypeKind.Enum ? "long.MinValue, long.MaxValue" : type.SpecialType switch
    {
        SpecialType.System_Boolean => "0, 1",
        SpecialType.System_SByte or SpecialType.System_Byte or SpecialType.System_Int16 or SpecialType.System_UInt16 or SpecialType.System_Char
            or SpecialType.System_Int32 or SpecialType.System_UInt32 or SpecialType.System_Int64 => $"{Symbols.Full(type)}.MinValue, {Symbols.Full(type)}.MaxValue",
        _ => null,
    };
}
