using System.Collections;
using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace OrleansCache;

/// <summary>Holds a configuration section against the options type that it is bound to: no key without a property, no value that does not convert.</summary>
internal static class StrictConfiguration
{
    /// <summary>Adds an error for every key below the section that the type does not know, and every value that it can't hold.</summary>
    public static void Check(IConfigurationSection section, Type type, ConfigurationErrors errors)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (IsLeaf(type))
            CheckLeaf(section, type, errors);
        else if (ItemsOf(type, out var keyed) is { } itemType)
            CheckItems(section, itemType, keyed, errors);
        else
            CheckProperties(section, type, errors);
    }

    /// <summary>The names that a section of this type may hold.</summary>
    public static IReadOnlyList<string> NamesOf(Type type) => [.. PropertiesOf(type).Select(property => property.Name)];

    private static void CheckLeaf(IConfigurationSection section, Type type, ConfigurationErrors errors)
    {
        if (section.GetChildren().Any())
        {
            errors.Add(section.Path, $"is a section with keys of its own: write one {Describe(type)}");
            return;
        }

        if (section.Value is not { Length: > 0 } text || type == typeof(string))
            return;
        if (Converts(text, type))
            return;
        var hint = type.IsEnum && DidYouMean.Nearest(text, Enum.GetNames(type)) is { } nearest ? $"; did you mean '{nearest}'?"
            : "";
        errors.Add(section.Path, text, type == typeof(TimeSpan) && BareNumber(text) is { } either ? either : $"write {Describe(type)}{hint}");
    }

    private static void CheckItems(IConfigurationSection section, Type itemType, bool keyed, ConfigurationErrors errors)
    {
        if (section.Value is { Length: > 0 } text)
            errors.Add(section.Path, text, keyed ? "write a section of named values" : "write a list");
        foreach (var child in section.GetChildren())
        {
            if (!keyed && !int.TryParse(child.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                errors.Add(child.Path, "is a named value in a list: write a list, without names");
            else
                Check(child, itemType, errors);
        }
    }

    private static void CheckProperties(IConfigurationSection section, Type type, ConfigurationErrors errors)
    {
        if (section.Value is { Length: > 0 } text)
        {
            errors.Add(section.Path, text, $"write a section with keys of its own ({string.Join(", ", NamesOf(type))})");
            return;
        }

        var properties = PropertiesOf(type).ToDictionary(property => property.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var child in section.GetChildren())
        {
            if (properties.TryGetValue(child.Key, out var property))
                Check(child, property.PropertyType, errors);
            else
                errors.Add(child.Path, $"is not a setting: {DidYouMean.Hint(child.Key, properties.Keys)}");
        }
    }

    private static IEnumerable<PropertyInfo> PropertiesOf(Type type) => type
        .GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.GetIndexParameters().Length == 0 && (property.SetMethod is { IsPublic: true } || ItemsOf(property.PropertyType, out _) is not null));

    private static bool IsLeaf(Type type) =>
        type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(decimal) || type == typeof(TimeSpan) || type == typeof(Uri)
        || type == typeof(Guid) || type == typeof(DateTimeOffset) || type == typeof(DateTime) || type == typeof(Version);

    private static Type? ItemsOf(Type type, out bool keyed)
    {
        keyed = false;
        if (type.IsArray)
            return type.GetElementType();
        if (!typeof(IEnumerable).IsAssignableFrom(type) || type == typeof(string))
            return null;
        foreach (var face in type.GetInterfaces().Append(type).Where(face => face.IsGenericType))
        {
            keyed = face.GetGenericTypeDefinition() == typeof(IDictionary<,>) || face.GetGenericTypeDefinition() == typeof(IReadOnlyDictionary<,>);
            if (keyed)
                return face.GetGenericArguments()[1];
        }

        return type.GetInterfaces().Append(type).FirstOrDefault(face => face.IsGenericType && face.GetGenericTypeDefinition() == typeof(IEnumerable<>))
            ?.GetGenericArguments()[0];
    }

    private static bool Converts(string text, Type type)
    {
        if (type.IsEnum)
            return !long.TryParse(text, out _) && Enum.TryParse(type, text, ignoreCase: true, out _);
        if (type == typeof(TimeSpan) && !text.Contains(':', StringComparison.Ordinal))
            return false;       // .NET takes a bare number for days
        try
        {
            TypeDescriptor.GetConverter(type).ConvertFromString(null, CultureInfo.InvariantCulture, text);
            return true;
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or NotSupportedException or InvalidCastException)
        {
            return false;
        }
        catch (Exception e) when (e.InnerException is FormatException or OverflowException)
        {
            return false;
        }
    }

    /// <summary>A number without a unit, which most write for seconds: both readings, to choose from.</summary>
    private static string? BareNumber(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= TimeSpan.MaxValue.Days
            ? string.Create(CultureInfo.InvariantCulture, $"write {TimeSpan.FromSeconds(number):c} for {number} seconds, {number}.00:00:00 for {number} days")
            : null;

    private static string Describe(Type type) =>
        type.IsEnum ? $"one of {string.Join(", ", Enum.GetNames(type))}"
        : type == typeof(TimeSpan) ? "a time as hours:minutes:seconds, such as '00:00:30'"
        : type == typeof(bool) ? "true or false"
        : type == typeof(double) || type == typeof(float) || type == typeof(decimal) ? "a number with a decimal point"
        : type == typeof(string) ? "text"
        : type.IsPrimitive ? "a whole number in range"
        : $"a {type.Name}";
}
