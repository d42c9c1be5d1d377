using System.Reflection;
using System.Runtime.CompilerServices;

namespace OrleansCache;

/// <summary>The public members of a type as lines of text: with nullability, required members and optional parameters.</summary>
internal static class Surface
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
    private static readonly NullabilityInfoContext Nullability = new();

    public static IEnumerable<string> Of(Type type) => Lines(type).Select(line => $"{Name(type)}: {line}").Order(StringComparer.Ordinal);

    public static string Name(Type type) => type.IsGenericParameter ? type.Name
        : type.IsArray ? Name(type.GetElementType()!) + "[]"
        : type.IsGenericType ? $"{type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
        : type.Name;

    private static IEnumerable<string> Lines(Type type)
    {
        yield return type.IsEnum ? $"enum {Name(Enum.GetUnderlyingType(type))} {string.Join(" ", Enum.GetNames(type).Select(n => $"{n}={Convert.ToInt64(Enum.Parse(type, n), null)}"))}"
            : type.IsInterface ? "interface" : type.IsValueType ? "struct" : type.IsAbstract && type.IsSealed ? "static class" : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
        if (type.IsEnum)
            yield break;
        if (type.GetCustomAttribute<AttributeUsageAttribute>(inherit: false) is { } usage)
            yield return $"usage {usage.ValidOn} multiple={usage.AllowMultiple} inherited={usage.Inherited}";
        foreach (var constructor in type.GetConstructors(Declared).Where(c => IsSeen(c) && !c.IsStatic))
            yield return $"{Access(constructor)}new({Parameters(constructor)})";
        foreach (var property in type.GetProperties(Declared).Where(p => IsSeen(p.GetMethod) || IsSeen(p.SetMethod)))
            yield return $"{Access(property.GetMethod ?? property.SetMethod!)}{(property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "")}{TypeOf(property)} {property.Name} {{ {Accessors(property)}}}";
        foreach (var method in type.GetMethods(Declared).Where(m => IsSeen(m) && !m.IsSpecialName && !m.IsDefined(typeof(CompilerGeneratedAttribute)) && !(m.Name == "Equals" && m.GetParameters()[0].ParameterType == typeof(object)) && !m.Name.Contains('<', StringComparison.Ordinal)))
            yield return $"{Access(method)}{(method.IsStatic ? "static " : "")}{Text(method.ReturnType, Nullability.Create(method.ReturnParameter))} {method.Name}{Generic(method)}({Parameters(method)})";
    }

    private static bool IsSeen(MethodBase? method) => method is { IsPublic: true } or { IsFamily: true } or { IsFamilyOrAssembly: true };

    private static string Access(MethodBase method) => method.IsPublic ? "" : "protected ";

    private static string Accessors(PropertyInfo property) =>
        (IsSeen(property.GetMethod) ? "get; " : "") + (!IsSeen(property.SetMethod) ? "" : property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Any(m => m.Name == nameof(IsExternalInit)) ? "init; " : "set; ");

    private static string Generic(MethodInfo method) => method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(a =>
        a.Name + string.Concat(a.GetGenericParameterConstraints().Select(c => ":" + Name(c)))))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(p =>
        $"{(p.GetRequiredCustomModifiers().Length > 0 ? "in " : p.IsOut ? "out " : "")}{Text(p.ParameterType, Nullability.Create(p))} {p.Name}{(p.IsOptional ? " = " + (p.DefaultValue ?? "default") : "")}"));

    private static string TypeOf(PropertyInfo property) => Text(property.PropertyType, Nullability.Create(property));

    private static string Text(Type type, NullabilityInfo info) => type.IsValueType ? Name(type)
        : Name(type) + ((info.ReadState is NullabilityState.Nullable || info.WriteState is NullabilityState.Nullable) && !type.IsGenericParameter ? "?" : "");
}
